import type { Logger } from '../base/index.ts';
import type { Configuration, PortConfiguration } from '../config/index.ts';
import { type Framing, lines } from '../port/index.ts';
import { compose, type GatewayParts, planDevices } from './composition.ts';
import { lineOptions, type SerialFacts } from './port-options.ts';

/** A line as a configuration has it, for who only wants to listen to it. */
export interface FoundLine {
  readonly port: PortConfiguration;
  readonly serial: SerialFacts;
  /** That of its first device. */
  readonly framing: Framing;
}

/**
 * The line of a device or of `ports`, by the id or by the path.
 *
 * @returns undefined where the configuration has none of that name, or its device cannot be made
 */
export function findLine(
  name: string,
  configuration: Configuration,
  parts: GatewayParts,
  log: Logger,
): FoundLine | undefined {
  const plans = planDevices(configuration, compose(parts, log));
  for (const [device, { id, port, serial }] of plans.lines) {
    const framing = plans.devices.get(device)?.framing;
    if (framing && [device, id, 'path' in port && port.path].includes(name)) return { port, serial, framing };
  }
  const unused = configuration.ports[name];
  return unused && { port: unused, serial: unused.serial ?? {}, framing: lines(lineOptions(undefined)) };
}
