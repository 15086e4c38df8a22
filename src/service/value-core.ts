import type { MemberCore } from '../base/index.ts';
import type { SettingValue, ValueRules } from './value-rules.ts';

/** A member with one value: a setting, a reading, a channel. */
export interface ValueCore extends MemberCore {
  readonly rules: ValueRules;
  /** Whether a client may set it. */
  readonly writable: boolean;
  get(attribute: string): SettingValue | null;
  /**
   * Checks a value and brings it to where it belongs. Only of one that is writable. Resolves with the value that it has
   * then, null where that is not valid; rejects with LabwireError VALUE_INVALID, QUEUE_FULL, TIMEOUT, or with what a driver threw.
   */
  write?(value: unknown): Promise<SettingValue | null>;
}

/** By shape, not by class: a driver may bring its own copy of labwire. */
export const isValueCore = (core: MemberCore): core is ValueCore => 'rules' in core;
