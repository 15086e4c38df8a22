import { LabwireError, Listeners } from '../base/index.ts';
import { checkValue, inTime, type SettingValue, type ValueCore, type ValueRules, WorkQueue } from '../service/index.ts';
import type { ChannelOptions } from './channel.ts';
import type { ChannelDescription } from './description.ts';
import type { RecordValue } from './recorded-channel.ts';
import type { ChannelValue, Sample, Scalar } from './sample.ts';

/** How a client's value reaches the instrument. */
export interface ChannelWriter extends ChannelOptions<Scalar> {
  /** Records what was read back; returns it as it is published. */
  readonly record: (value: RecordValue) => ChannelValue;
}

/**
 * A channel as a member of its device: what its newest sample says. Nobody who does not look at it costs it more than
 * keeping that sample.
 */
export class ChannelCore implements ValueCore {
  readonly kind = 'channel';
  readonly attributes = [''] as const;
  readonly methods = [] as const;
  readonly rules: ValueRules;
  readonly doc: string;
  path = '';
  readonly #description: ChannelDescription;
  readonly #writer: ChannelWriter | undefined;
  readonly #queue = new WorkQueue();
  readonly #listeners = new Listeners<[attribute: string, value: unknown]>();
  #listening = 0;
  #newest: Sample | undefined;

  constructor(description: ChannelDescription, writer?: ChannelWriter) {
    this.#description = description;
    this.#writer = writer;
    this.doc = description.label ?? '';
    this.rules = rulesOf(description);
  }

  get writable(): boolean {
    return this.#writer !== undefined;
  }

  /** The sample that has spoken of it last. */
  get newest(): Sample | undefined {
    return this.#newest;
  }

  /** Null before the first sample, and while there is no valid value. */
  get(_attribute: string): SettingValue | null {
    return scalarOf(this.#newest?.values[this.#description.id]);
  }

  onChange(listener: (attribute: string, value: unknown) => void): () => void {
    const end = this.#listeners.add(listener);
    this.#listening++;
    let ended = false;
    return () => {
      if (!ended) this.#listening--;
      ended = true;
      end();
    };
  }

  /** Takes a sample that speaks of it. */
  take(sample: Sample): void {
    if (this.#listening === 0) {
      this.#newest = sample;
      return;
    }
    const before = this.get('');
    this.#newest = sample;
    const now = this.get('');
    if (now !== before) this.#listeners.tell('', now);
  }

  /** See `ValueCore.write`. Resolves with what was read back, else with the value as it was asked for. */
  async write(value: unknown): Promise<SettingValue | null> {
    const name = `Channel ${this.path}`;
    if (!this.#writer) throw new LabwireError('VALUE_READ_ONLY', `${name} can only be read`);
    const { write, read, record } = this.#writer;
    checkValue(name, this.rules, value);
    const raw = this.#uncorrected(name, value);
    let now: SettingValue | null = value;
    await this.#queue.do(name, async () => {
      await inTime(name, () => write(raw));
      if (read) now = scalarOf(record(await inTime(name, read)));
    });
    return now;
  }

  /** The value as the driver has it: what the site's correction makes the published one of. */
  #uncorrected(name: string, value: Scalar): Scalar {
    const { scale, offset, type } = this.#description;
    if (typeof value !== 'number' || (scale === 1 && offset === 0)) return value;
    // To 15 digits: 0.3 at a scale of 0.1 is 3, not a little less.
    const raw = Number(((value - offset) / scale).toPrecision(15));
    if (type !== 'integer' || Number.isSafeInteger(raw)) return raw;
    throw new LabwireError(
      'VALUE_INVALID',
      `${name} goes in steps of ${Math.abs(scale)}, and ${value} is none of them`,
    );
  }
}

function rulesOf({ type, unit, range, options, scale, offset }: ChannelDescription): ValueRules {
  const corrected = scale !== 1 || offset !== 0;
  const numeric = type === 'number' || type === 'integer';
  return {
    type: type === 'integer' && corrected ? 'number' : type,
    ...(numeric && unit !== undefined && { unit }),
    ...(numeric && range && { minimum: range[0], maximum: range[1] }),
    ...(type === 'enum' && { options: options ?? [] }),
  };
}

const scalarOf = (value: ChannelValue | undefined): Scalar | null =>
  value === undefined ? null : typeof value === 'object' ? value.value : value;
