import { existsSync } from 'node:fs';
import { LabwireError } from '../../base/index.ts';
import { formatIssue, loadConfiguration, type PortConfiguration } from '../../config/index.ts';
import { configuredPorts, type MissingPort, type PortUse, type UsedPort, usedBy } from '../../gateway/index.ts';
import {
  describePort,
  type ListPortsOptions,
  listPorts,
  type PortInfo,
  usbId,
  watchPorts,
  whatIsIt,
} from '../../port/index.ts';
import { DEFAULT_CONFIG } from '../arguments.ts';
import type { CliIo } from '../io.ts';
import { createLogger } from '../log.ts';
import { siteParts } from '../package.ts';
import { table } from '../table.ts';

export interface PortsOptions {
  readonly json?: boolean;
  /** Stay, and tell of each port that appears or vanishes. */
  readonly watch?: boolean;
  /** Default `labwire.yaml`, where there is one. */
  readonly config?: string;
}

type Configured = ReadonlyMap<string, PortConfiguration>;

/**
 * `labwire ports`: the serial ports of this machine, and which device of the configuration has which.
 *
 * @param system where the ports are looked for, for tests
 */
export async function portsCommand(options: PortsOptions, io: CliIo, system: ListPortsOptions = {}): Promise<number> {
  const configured = await readConfigured(options.config, io);
  if (options.watch) return watch(configured, io, system);
  const use = usedBy(await listPorts(system), configured ?? new Map(), system.root);
  io.print(options.json ? asJson(use, configured) : asText(use, configured));
  return 0;
}

/** Undefined without a configuration, or with one that is wrong: then it is not known which ports are free. */
async function readConfigured(given: string | undefined, io: CliIo): Promise<Configured | undefined> {
  const file = given ?? DEFAULT_CONFIG;
  if (given === undefined && !existsSync(file)) return undefined;
  const log = createLogger({ pretty: io.terminal, env: io.env });
  const { drivers } = await siteParts(file, log);
  const { configuration, issues } = loadConfiguration(file, { sections: Object.keys(drivers), env: io.env });
  if (configuration) return configuredPorts(configuration);
  for (const issue of issues) io.complain(formatIssue(issue));
  if (given !== undefined) throw new LabwireError('CONFIG_INVALID', `${file} has mistakes: correct them, see above`);
  io.complain(`${file} has mistakes, so who uses which port is not shown`);
  return undefined;
}

function asJson({ ports, missing }: PortUse, configured: Configured | undefined): string {
  const listed = ports.map(({ port, usedBy }) => ({ ...port, ...(configured && { usedBy }) }));
  return JSON.stringify({ ports: listed, missing }, null, 2);
}

const HEADS = ['PORT', 'USB', 'WHAT', 'SERIAL NUMBER', 'LOCATION', 'LASTING NAME', 'USED BY'];

function asText({ ports, missing }: PortUse, configured: Configured | undefined): string {
  const rows = ports.map((used) => [...row(used.port, isOneOfMany(used.port, ports)), configured ? users(used) : '']);
  const listed = ports.length === 0 ? 'No serial ports are there.' : table(HEADS, rows);
  if (missing.length === 0) return listed;
  return `${listed}\n\nConfigured, but not found:\n${table(['DEVICE', 'CONFIGURED PORT', 'WHY'], missing.map(missingRow))}`;
}

function row(port: PortInfo, isOneOfMany: boolean): string[] {
  const place = isOneOfMany ? `${port.location} interface ${port.interface}` : port.location;
  const name = port.byId ?? port.byPath;
  return [port.path, usbId(port), whatIsIt(port), port.serialNumber ?? '', place ?? '', name ?? ''];
}

/** Of an adapter with a single port the interface tells nothing. */
function isOneOfMany({ location }: PortInfo, ports: readonly UsedPort[]): boolean {
  return location !== undefined && ports.filter(({ port }) => port.location === location).length > 1;
}

const users = ({ usedBy }: UsedPort): string => usedBy.join(', ') || 'free';

function missingRow({ usedBy: user, port, code, message }: MissingPort): string[] {
  return [user, port, code === 'PORT_ABSENT' ? 'it is not there' : message];
}

/** Prints the list, and then a line for each port that appears or vanishes, until Ctrl-C. */
async function watch(configured: Configured | undefined, io: CliIo, system: ListPortsOptions): Promise<number> {
  if ((system.platform ?? process.platform) === 'win32')
    throw new LabwireError(
      'USAGE',
      'Windows does not tell when ports come and go: compare two calls of `labwire ports`',
    );
  let first = true;
  const end = watchPorts((ports, { appeared, vanished }) => {
    const use = usedBy(ports, configured ?? new Map(), system.root);
    if (first) io.print(`${asText(use, configured)}\n\nPlug the adapter in now to see its name. Ctrl-C ends it.`);
    else
      for (const line of [...vanished.map(vanishedLine), ...appearedLines(appeared, use, configured)]) io.print(line);
    first = false;
  }, system);
  await io.untilStopped();
  end();
  return 0;
}

const vanishedLine = (port: PortInfo): string => `vanished: ${describePort(port)}`;

function appearedLines(ports: readonly PortInfo[], use: PortUse, configured: Configured | undefined): string[] {
  return use.ports
    .filter(({ port }) => ports.includes(port))
    .map((used) => {
      const { port } = used;
      const name = port.byId ?? port.byPath;
      const user = used.usedBy.length === 0 ? 'free' : `used by ${users(used)}`;
      const more = [name && `lasting name ${name}`, configured && user].filter(Boolean);
      return ['appeared: ', describePort(port), ...more.map((text) => `, ${text}`)].join('');
    });
}
