import { systemClock, within } from '../../base/index.ts';
import { listPorts } from './discovery.ts';
import { type PortInfo, whatIsIt } from './port-info.ts';

/** Said of a port that is missing, so that its right name can be read off. */
const SHOWN = 5;
const LIST_LIMIT_MS = 1_000;
/** Many ports may be missing at once, as when a hub has no power, and each asks again and again. */
const KEPT_MS = 2_000;

interface Listing {
  readonly root: string | undefined;
  readonly ports: Promise<readonly PortInfo[] | undefined>;
  readonly at: number;
}

let listing: Listing | undefined;

/** The serial ports of this machine as half a sentence, those with a name like that of `path` first. */
export async function portsThere(
  path: string,
  options: { readonly root?: string; readonly platform?: NodeJS.Platform } = {},
): Promise<string> {
  const ports = await listed(options);
  if (ports === undefined) return '`labwire ports` shows what is there';
  if (ports.length === 0) return 'no serial port is there';
  const ranked = [...ports].sort((a, b) => likeness(b, path) - likeness(a, path));
  const rest = ports.length - SHOWN;
  return `there ${ports.length === 1 ? 'is' : 'are'} ${ranked.slice(0, SHOWN).map(inWords).join(', ')}${rest > 0 ? ` and ${rest} more (\`labwire ports\`)` : ''}`;
}

function listed(options: { readonly root?: string; readonly platform?: NodeJS.Platform }): Listing['ports'] {
  const now = performance.now();
  if (listing && listing.root === options.root && now - listing.at < KEPT_MS) return listing.ports;
  // The list is a help in a message about another error: where it is not to be had, the message points to the command.
  const ports = within(systemClock, LIST_LIMIT_MS, listPorts(options), 'Listing the ports').catch(() => undefined);
  listing = { root: options.root, ports, at: now };
  return ports;
}

/** An adapter is looked for first, then what has the same kind of name: `/dev/ttyACM` for `/dev/ttyACM1`. */
function likeness(port: PortInfo, path: string): number {
  const kind = port.path.replace(/\d+$/, '');
  return (port.vendorId === undefined ? 0 : 2) + (path.startsWith(kind) ? 1 : 0);
}

function inWords(port: PortInfo): string {
  const what = whatIsIt(port);
  return what === '' ? port.path : `${port.path} (${what})`;
}
