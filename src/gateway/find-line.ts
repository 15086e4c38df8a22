import type { Logger } from '../base/index.ts';
import type { Configuration, PortConfiguration } from '../config/index.ts';
import type { InstrumentClass, Model } from '../instrument/index.ts';
import { type Framing, lines } from '../port/index.ts';
import { compose, type GatewayParts, planDevices } from './composition.ts';
import { lineOptions, type SerialFacts } from './port-options.ts';
import { realPath } from './real-path.ts';

/** A line as a configuration has it, for who only wants to listen to it. */
export interface FoundLine {
  readonly port: PortConfiguration;
  readonly serial: SerialFacts;
  /** That of its first device. */
  readonly framing: Framing;
}

/**
 * The line of a device or of `ports`, by the id or by the path, also where that is a link to the configured one or the
 * other way round.
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
  const isNamed = (port: PortConfiguration, ...ids: string[]): boolean =>
    ids.includes(name) || ('path' in port && realPath(port.path) === realPath(name));
  for (const [device, { id, port, serial }] of plans.lines) {
    const framing = plans.devices.get(device)?.framing;
    if (framing && isNamed(port, device, id)) return { port, serial, framing };
  }
  const unused = Object.hasOwn(configuration.ports, name) ? configuration.ports[name] : undefined;
  return unused && { port: unused, serial: unused.serial ?? {}, framing: lines(lineOptions(undefined)) };
}

/** How a line to an instrument of a model is set, and what it says is cut, where no configuration says more. */
export function modelLine(
  model: Model,
  drivers: Readonly<Record<string, InstrumentClass>>,
): Pick<FoundLine, 'serial' | 'framing'> {
  const driver = drivers[model.driver];
  const options = driver?.options?.safeParse(model.driverOptions);
  // A model that leaves its section to the site has no framing of its own without one.
  const known = options === undefined || options.success;
  const framing = known ? driver?.framing?.(options?.data as never) : undefined;
  return { serial: model.serial ?? {}, framing: framing ?? lines(lineOptions(model.framing?.lines)) };
}
