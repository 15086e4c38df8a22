import type { DeviceDescription } from './description.ts';

/** What one channel says in one sample, when the value is good. */
export type Scalar = number | string | boolean;

/** Why a value is not good (INSTRUMENTS: rule 2). A fixed list, because dashboards and alarms match on it. */
export type Reason =
  | 'under_range'
  | 'over_range'
  | 'sensor_fault'
  | 'no_sensor'
  | 'off'
  | 'unstable'
  | 'warming_up'
  | 'invalid'
  | 'unit'
  | 'timeout'
  | 'checksum'
  | 'rejected'
  | 'stale';

/** A number that is present is not always a measurement: this one says that there is no value, and why. */
export class Bad {
  readonly value = null;
  readonly reason: Reason;

  constructor(reason: Reason) {
    this.reason = reason;
  }
}

/** A value that is kept but not to be trusted: unstable, warming up. */
export class Uncertain {
  readonly value: Scalar;
  readonly reason: Reason;

  constructor(value: Scalar, reason: Reason) {
    this.value = value;
    this.reason = reason;
  }
}

/** Marks a channel of a sample as having no value. */
export function bad(reason: Reason): Bad {
  return new Bad(reason);
}

/** Marks the value of a channel as doubtful. */
export function uncertain(value: Scalar, reason: Reason): Uncertain {
  return new Uncertain(value, reason);
}

/** A good value stands as it is: a sample at full rate costs one object, not one for each channel. */
export type ChannelValue = Scalar | Bad | Uncertain;

/** Quality as the sinks write it. */
export const quality = (value: ChannelValue): 'good' | 'uncertain' | 'bad' =>
  value instanceof Bad ? 'bad' : value instanceof Uncertain ? 'uncertain' : 'good';

/** What one poll or one frame of one device said. */
export interface Sample {
  readonly kind: 'sample';
  /** Its place in the journal's one sequence; 0 until the journal has taken it. */
  sequence: number;
  /** The device as it was when it said this; sinks make their topics and prefixes once per description. */
  readonly source: DeviceDescription;
  /** Arrival of the frame's last byte: whole µs since the Unix epoch, strictly increasing per device. */
  readonly time: number;
  /** By channel id (the site's name); only channels that this sample speaks of. */
  readonly values: Readonly<Record<string, ChannelValue>>;
}
