import { join } from 'node:path';
import { unlessAborted } from '../../base/index.ts';
import type { Transport } from '../connection.ts';
import type { SerialSettings } from '../transport/serial-settings.ts';
import { serialTransport } from '../transport/serial-transport.ts';
import { type ListPortsOptions, listPorts } from './discovery.ts';
import type { PortInfo } from './port-info.ts';
import { type SeenPort, seePort, watchSeenPorts } from './port-watch.ts';
import { describeMatch, fittingPorts, matchPort, type PortMatch } from './usb-match.ts';

/**
 * A serial port by what its USB adapter is, on whatever path it turns up. It is looked for at each opening, so that an
 * adapter that returns as `/dev/ttyUSB1`, or in another socket, is found again.
 *
 * An opening rejects with PORT_ABSENT or PORT_AMBIGUOUS where not exactly one port fits.
 */
export function usbTransport(
  match: PortMatch,
  settings: SerialSettings = {},
  options: ListPortsOptions = {},
): Transport {
  const name = describeMatch(match);
  // One per path, since an opening of it that hangs in its driver is waited for by the next one.
  const byPath = new Map<string, Transport>();
  /** The last plugging in that was tried, or told of: nobody has to hear of it again. */
  let tried: string | undefined;
  let finding = false;

  const find = async (signal: AbortSignal): Promise<PortInfo> => {
    finding = true;
    tried = undefined;
    try {
      const port = matchPort(await unlessAborted(listPorts(options), `Looking for ${name}`, signal), match);
      const seen = seePort(port, options);
      if (seen?.usable) tried = seen.plugging;
      return port;
    } finally {
      finding = false;
    }
  };

  const onSeen = (seen: readonly SeenPort[], appeared: () => void): void => {
    // What an opening finds itself is no news.
    if (finding) return;
    const [info, ...others] = fittingPorts(
      seen.map((port) => port.info),
      match,
    );
    const port = others.length > 0 ? undefined : seen.find((candidate) => candidate.info === info);
    if (!port?.usable) tried = undefined;
    else if (port.plugging !== tried) {
      tried = port.plugging;
      appeared();
    }
  };

  return {
    name,
    simulated: false,
    async open(events, signal) {
      const { path } = await find(signal);
      const place = options.root === undefined ? path : join(options.root, path);
      const transport = byPath.get(path) ?? serialTransport(place, settings, options);
      byPath.set(path, transport);
      return transport.open(events, signal);
    },
    ...((options.platform ?? process.platform) === 'win32'
      ? {}
      : { watch: (appeared: () => void) => watchSeenPorts((seen) => onSeen(seen, appeared), options) }),
  };
}
