import { LabwireError, show } from '../base/index.ts';

export type SettingValue = number | string | boolean;
export type ValueType = 'number' | 'integer' | 'text' | 'boolean' | 'enum';

/** What a value must be. */
export interface ValueRules {
  readonly type: ValueType;
  readonly unit?: string | undefined;
  /** The least allowed number, inclusive, in `unit`. */
  readonly minimum?: number | undefined;
  /** The greatest allowed number, inclusive, in `unit`. */
  readonly maximum?: number | undefined;
  /** The only allowed values. */
  readonly options?: readonly SettingValue[] | undefined;
}

/**
 * Holds a value to its rules; nothing is ever coerced.
 *
 * @param what names the member in the message, e.g. `Setting oven.power`
 * @throws LabwireError VALUE_INVALID
 */
export function checkValue(what: string, rules: ValueRules, value: unknown): asserts value is SettingValue {
  const fault = valueFault(rules, value);
  if (fault !== undefined) throw new LabwireError('VALUE_INVALID', `${what} ${fault}`);
}

/**
 * What is wrong with a value, as the end of a sentence that begins with its member; undefined if nothing is.
 *
 * @param shown the value in words, where it must not be shown itself
 */
export function valueFault(rules: ValueRules, value: unknown, shown?: string): string | undefined {
  return fits(rules, value) ? undefined : `takes ${describeRules(rules)}, not ${shown ?? show(value)}`;
}

function fits(rules: ValueRules, value: unknown): boolean {
  if (rules.options && !rules.options.some((option) => option === value)) return false;
  switch (rules.type) {
    case 'number':
    case 'integer':
      return (
        typeof value === 'number' &&
        Number.isFinite(value) &&
        (rules.type === 'number' || Number.isSafeInteger(value)) &&
        value >= (rules.minimum ?? -Infinity) &&
        value <= (rules.maximum ?? Infinity)
      );
    case 'text':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'enum':
      return rules.options !== undefined;
  }
}

const words = {
  number: 'a number',
  integer: 'a whole number',
  text: 'a text',
  boolean: 'true or false',
  enum: 'a value',
};

function describeRules(rules: ValueRules): string {
  if (rules.options) return `one of ${rules.options.map(show).join(', ')}`;
  const unit = rules.unit ? ` ${rules.unit}` : '';
  const { minimum, maximum } = rules;
  const what = words[rules.type];
  if (minimum !== undefined && maximum !== undefined) return `${what} from ${minimum} to ${maximum}${unit}`;
  if (minimum !== undefined) return `${what} of at least ${minimum}${unit}`;
  if (maximum !== undefined) return `${what} of at most ${maximum}${unit}`;
  return rules.unit ? `${what} in ${rules.unit}` : what;
}
