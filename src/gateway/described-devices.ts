import type { Logger } from '../base/index.ts';
import type { Configuration } from '../config/index.ts';
import type { DeviceDescription } from '../instrument/index.ts';
import { compose, type GatewayParts, planDevices } from './composition.ts';

/** A device as its configuration says, before it is connected. */
export interface ConfiguredDevice {
  readonly description: DeviceDescription;
  /** Longest time that an instrument which talks by itself is silent, s. */
  readonly silence: number | undefined;
}

/** The devices of a configuration, in its order. One that is faulty is left out: see `checkConfiguration`. */
export function describedDevices(configuration: Configuration, parts: GatewayParts, log: Logger): ConfiguredDevice[] {
  const { devices } = planDevices(configuration, compose(parts, log));
  return [...devices.values()].map(({ description, timing }) => ({ description, silence: timing.silence }));
}
