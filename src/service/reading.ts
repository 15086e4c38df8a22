import { LabwireError, MEMBER, type Member, type MemberCore } from '../base/index.ts';
import type { SettingValue, ValueRules } from './value-rules.ts';

type ReadingType = 'number' | 'integer' | 'text' | 'boolean';
type ValueOf<K extends ReadingType> = K extends 'text' ? string : K extends 'boolean' ? boolean : number;

export interface ReadingOptions<K extends ReadingType = 'number'> {
  readonly unit?: string;
  /** Shown to clients. */
  readonly doc?: string;
  readonly type?: K;
}

export interface ReadingCore extends MemberCore {
  readonly kind: 'reading';
  readonly rules: ValueRules;
}

/** A value that its owner assigns and a client reads. */
export interface Reading<T extends SettingValue = SettingValue> extends Member {
  readonly [MEMBER]: ReadingCore;
  /** `null` until something was read. Assigning a value of a wrong type throws LabwireError VALUE_INVALID. */
  value: T | null;
}

/** Declares a reading. */
export function reading<const K extends ReadingType = 'number'>(_options: ReadingOptions<K> = {}): Reading<ValueOf<K>> {
  throw new LabwireError('INTERNAL', 'not yet');
}
