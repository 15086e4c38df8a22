import { Listeners, MEMBER, type Member } from '../base/index.ts';
import type { ValueCore } from './value-core.ts';
import { checkValue, type SettingValue, type ValueRules } from './value-rules.ts';

type ReadingType = 'number' | 'integer' | 'text' | 'boolean';
type ValueOf<K extends ReadingType> = K extends 'text' ? string : K extends 'boolean' ? boolean : number;

export interface ReadingOptions<K extends ReadingType = 'number'> {
  readonly unit?: string;
  /** Shown to clients. */
  readonly doc?: string;
  readonly type?: K;
}

export class ReadingCore implements ValueCore {
  readonly kind = 'reading';
  readonly writable = false;
  readonly attributes = [''] as const;
  readonly methods = [] as const;
  readonly rules: ValueRules;
  readonly doc: string;
  path = '';
  readonly #listeners = new Listeners<[attribute: string, value: unknown]>();
  #value: SettingValue | null = null;

  constructor(rules: ValueRules, doc: string) {
    this.rules = rules;
    this.doc = doc;
  }

  get(_attribute: string): SettingValue | null {
    return this.#value;
  }

  onChange(listener: (attribute: string, value: unknown) => void): () => void {
    return this.#listeners.add(listener);
  }

  assign(value: unknown): void {
    if (value !== null) checkValue(this.path === '' ? 'The reading' : `Reading ${this.path}`, this.rules, value);
    if (value === this.#value) return;
    this.#value = value as SettingValue | null;
    this.#listeners.tell('', value);
  }
}

/** A value that its owner assigns and a client reads. */
export interface Reading<T extends SettingValue = SettingValue> extends Member {
  readonly [MEMBER]: ReadingCore;
  /** `null` until something was read. Assigning a value of a wrong type throws LabwireError VALUE_INVALID. */
  value: T | null;
}

/** Declares a reading. */
export function reading<const K extends ReadingType = 'number'>(options: ReadingOptions<K> = {}): Reading<ValueOf<K>> {
  const core = new ReadingCore({ type: options.type ?? 'number', unit: options.unit }, options.doc ?? '');
  return new ReadingHandle(core) as unknown as Reading<ValueOf<K>>;
}

class ReadingHandle {
  readonly [MEMBER]: ReadingCore;

  constructor(core: ReadingCore) {
    this[MEMBER] = core;
  }

  get value(): SettingValue | null {
    return this[MEMBER].get('');
  }

  set value(value: SettingValue | null) {
    this[MEMBER].assign(value);
  }
}
