import { LabwireError, Listeners } from '../base/index.ts';
import type { ValueCore } from './value-core.ts';
import { checkValue, type SettingValue, type ValueRules } from './value-rules.ts';
import { inTime, WorkQueue } from './work-queue.ts';

export interface SettingParts {
  readonly rules: ValueRules;
  readonly doc: string;
  readonly write?: ((value: never) => unknown) | undefined;
  readonly read?: (() => unknown) | undefined;
}

/** What the owner of a setting may do with it. */
export class SettingCore implements ValueCore {
  readonly kind = 'setting';
  readonly attributes = [''] as const;
  readonly methods = [] as const;
  path = '';
  readonly #parts: SettingParts;
  readonly #queue = new WorkQueue();
  readonly #listeners = new Listeners<[attribute: string, value: unknown]>();
  #value: SettingValue;

  /** @throws LabwireError VALUE_INVALID if the initial value does not fit */
  constructor(initial: unknown, parts: SettingParts) {
    this.#parts = parts;
    checkValue('The initial value of a setting', parts.rules, initial);
    this.#value = initial;
  }

  get rules(): ValueRules {
    return this.#parts.rules;
  }

  get doc(): string {
    return this.#parts.doc;
  }

  /** Has a `write` or a `read`: it is never stored, and read at each connect. */
  get belongsToInstrument(): boolean {
    return this.#parts.write !== undefined || this.#parts.read !== undefined;
  }

  /** One that can only be read is read-only. */
  get writable(): boolean {
    return this.#parts.write !== undefined || this.#parts.read === undefined;
  }

  get value(): SettingValue {
    return this.#value;
  }

  get(_attribute: string): SettingValue {
    return this.#value;
  }

  onChange(listener: (attribute: string, value: unknown) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Checks the value, writes it where there is a `write`, reads it back where there is a `read`. See `Setting.set`. */
  async set(value: unknown): Promise<void> {
    if (!this.writable) throw new LabwireError('VALUE_READ_ONLY', `${this.#name} can only be read`);
    checkValue(this.#name, this.#parts.rules, value);
    const { write, read } = this.#parts;
    if (!write) return this.assign(value);
    await this.#queue.do(this.#name, async () => {
      await inTime(this.#name, () => write(value as never));
      this.assign(read ? await inTime(this.#name, read) : value);
    });
  }

  async write(value: unknown): Promise<SettingValue> {
    await this.set(value);
    return this.#value;
  }

  /** Reads the value from the instrument; does nothing without a `read`. Rejects as `Setting.set` does. */
  async refresh(): Promise<void> {
    const { read } = this.#parts;
    if (!read) return;
    await this.#queue.do(this.#name, async () => this.assign(await inTime(this.#name, read)));
  }

  /** Takes a value without writing it anywhere. @throws LabwireError VALUE_INVALID */
  assign(value: unknown): void {
    checkValue(this.#name, this.#parts.rules, value);
    if (value === this.#value) return;
    this.#value = value;
    this.#listeners.tell('', value);
  }

  get #name(): string {
    return this.path === '' ? 'The setting' : `Setting ${this.path}`;
  }
}
