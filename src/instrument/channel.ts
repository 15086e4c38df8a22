import type { Scalar } from './sample.ts';

/** Marks what a driver declares with `channel()`; from `Symbol.for`, for a driver that brings its own labwire. */
const CHANNEL: unique symbol = Symbol.for('labwire.channel');

export interface ChannelOptions<T extends Scalar> {
  /**
   * Brings a value to the instrument; must settle within 10 s. The value is of the channel's type and within its range,
   * and as the driver records it: without the site's scale and offset.
   */
  readonly write: (value: T) => unknown;
  /** Asks what the instrument made of it, which is then recorded; without it the next poll tells. At most 10 s. */
  readonly read?: () => NoInfer<T> | Promise<NoInfer<T>>;
}

/** A channel that can be written, such as a setpoint. */
export interface WritableChannel<T extends Scalar = number> {
  readonly [CHANNEL]: ChannelOptions<T>;
}

/**
 * Declares in a driver's class that the channel with the name of the field can be written; its facts stand in the
 * catalogue, as every channel's. It is recorded like every channel and set like a setting; its `range` limits what is
 * set. Where a model does not declare the channel, it has none.
 */
export function channel<T extends Scalar = number>(options: ChannelOptions<T>): WritableChannel<T> {
  return { [CHANNEL]: options };
}

/** What a driver's class declares of its channels, by their ids. */
export function declaredChannels(instrument: object): ReadonlyMap<string, ChannelOptions<Scalar>> {
  const fields = Object.entries(Object.getOwnPropertyDescriptors(instrument));
  return new Map(fields.flatMap(([id, { value }]) => (isChannel(value) ? [[id, value[CHANNEL]] as const] : [])));
}

const isChannel = (value: unknown): value is WritableChannel<Scalar> =>
  typeof value === 'object' && value !== null && CHANNEL in value;
