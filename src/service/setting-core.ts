import type { MemberCore } from '../base/index.ts';
import type { SettingValue, ValueRules } from './value-rules.ts';

/** What the owner of a setting may do with it. */
export interface SettingCore extends MemberCore {
  readonly kind: 'setting';
  readonly rules: ValueRules;
  /** Has a `write` or a `read`: it is never stored, and read at each connect. */
  readonly belongsToInstrument: boolean;
  readonly writable: boolean;
  /** Checks and sets as `set()` of the setting does. */
  set(value: unknown): Promise<void>;
  /** Reads the value from the instrument; does nothing without a `read`. */
  refresh(): Promise<void>;
  /** Takes a value without writing it anywhere. @throws LabwireError VALUE_INVALID */
  assign(value: unknown): void;
  readonly value: SettingValue;
}
