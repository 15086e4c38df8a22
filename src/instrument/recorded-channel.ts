import type { ChannelDescription } from './description.ts';
import { Bad, bad, type ChannelValue, type Scalar, Uncertain, uncertain } from './sample.ts';

/** What a driver may hand to `record()` for one channel: null says that there is no valid value. */
export type RecordValue = ChannelValue | null;

/** One channel of a driver as the site wants it: its published id, its correction, its type. */
export class RecordedChannel {
  readonly description: ChannelDescription;
  /** Switched off by the site: known to the driver, published nowhere. */
  readonly enabled: boolean;
  readonly #corrected: boolean;

  constructor(description: ChannelDescription, enabled: boolean) {
    this.description = description;
    this.enabled = enabled;
    this.#corrected = description.scale !== 1 || description.offset !== 0;
  }

  /** The value as it is published: corrected by scale and offset, `bad` where it is not what the channel declares. */
  judge(value: RecordValue): ChannelValue {
    if (value instanceof Bad) return value;
    if (value instanceof Uncertain) {
      const judged = this.judge(value.value);
      return judged instanceof Bad ? judged : uncertain(judged as Scalar, value.reason);
    }
    switch (this.description.type) {
      case 'number':
        if (typeof value !== 'number') return bad('invalid');
        return finite(this.#corrected ? value * this.description.scale + this.description.offset : value);
      case 'integer':
        return typeof value === 'number' && Number.isSafeInteger(value)
          ? finite(this.#corrected ? value * this.description.scale + this.description.offset : value)
          : bad('invalid');
      case 'boolean':
        return typeof value === 'boolean' ? value : bad('invalid');
      case 'text':
        return typeof value === 'string' ? value.slice(0, LONGEST_TEXT) : bad('invalid');
      case 'enum':
        return typeof value === 'string' && this.description.options?.includes(value) ? value : bad('invalid');
    }
  }
}

/** Characters of a text channel that are kept: a port can send megabytes, a database field should not hold them. */
const LONGEST_TEXT = 1024;

function finite(value: number): ChannelValue {
  return Number.isFinite(value) ? value : bad('invalid');
}
