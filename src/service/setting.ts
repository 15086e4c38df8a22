import { MEMBER, type Member } from '../base/index.ts';
import { SettingCore } from './setting-core.ts';
import type { SettingValue } from './value-rules.ts';

type Widened<T> = T extends string ? string : T extends number ? number : boolean;

export interface SettingOptions<T extends SettingValue> {
  readonly unit?: string;
  /** The least allowed number, inclusive, in `unit`. */
  readonly minimum?: number;
  /** The greatest allowed number, inclusive, in `unit`. */
  readonly maximum?: number;
  /** `integer`: only whole numbers. */
  readonly type?: 'integer';
  /** Shown to clients. */
  readonly doc?: string;
  /** Brings a checked value to the instrument; must settle within 10 s. */
  readonly write?: (value: NoInfer<T>) => unknown;
  /** Asks the instrument; what it says is checked. Must settle within 10 s. */
  readonly read?: () => Widened<NoInfer<T>> | Promise<Widened<NoInfer<T>>>;
}

/** A value that a client may set. */
export interface Setting<T extends SettingValue = SettingValue> extends Member {
  readonly [MEMBER]: SettingCore;
  /** The last known value. */
  readonly value: T;
  /**
   * Checks the value, writes it to the instrument when there is a `write`, and reads it back when there is a `read`.
   * Rejects with LabwireError VALUE_INVALID, VALUE_READ_ONLY, QUEUE_FULL, TIMEOUT, or with what `write` or `read` threw.
   */
  set(value: T): Promise<void>;
}

/** Declares a setting. With `write` or `read` it belongs to the instrument; else it is kept by the server. */
export function setting<const T extends string | number>(
  initial: NoInfer<T>,
  options: SettingOptions<T> & { readonly options: readonly T[] },
): Setting<T>;
export function setting(initial: number, options?: SettingOptions<number>): Setting<number>;
export function setting(initial: string, options?: SettingOptions<string>): Setting<string>;
export function setting(initial: boolean, options?: SettingOptions<boolean>): Setting<boolean>;
export function setting(initial: SettingValue, options: AnyOptions = {}): Setting<never> {
  const core = new SettingCore(initial, {
    rules: {
      type: options.type ?? typeNames[typeof initial as keyof typeof typeNames] ?? 'number',
      unit: options.unit,
      minimum: options.minimum,
      maximum: options.maximum,
      options: options.options,
    },
    doc: options.doc ?? '',
    write: options.write,
    read: options.read,
  });
  return new SettingHandle(core) as unknown as Setting<never>;
}

type AnyOptions = Omit<SettingOptions<never>, 'read'> & {
  readonly options?: readonly SettingValue[];
  readonly read?: () => unknown;
};

const typeNames = { number: 'number', string: 'text', boolean: 'boolean' } as const;

class SettingHandle {
  readonly [MEMBER]: SettingCore;

  constructor(core: SettingCore) {
    this[MEMBER] = core;
  }

  get value(): SettingValue {
    return this[MEMBER].value;
  }

  set(value: SettingValue): Promise<void> {
    return this[MEMBER].set(value);
  }
}
