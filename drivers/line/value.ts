import { bad, type ChannelFacts, type RecordValue } from '../../src/index.ts';
import { decimal } from '../number.ts';

type Type = NonNullable<ChannelFacts['type']>;

/** What programs print for a number that is none: C's printf, Arduino's `print(float)`, Python, spreadsheets. */
const NO_NUMBER = /^[+-]?(?:nan(?:\(\w*\))?|inf|infinity|ovf|null|none|n\/a)$/i;
const TRUE = /^(?:true|on|yes|1)$/i;
const FALSE = /^(?:false|off|no|0)$/i;

/** A value out of a text; `bad` where it is not what the channel's type takes. */
export function valueOfText(text: string, type: Type, decimalComma: boolean): RecordValue {
  switch (type) {
    case 'number':
    case 'integer':
      return decimal(decimalComma ? text.replace(',', '.') : text) ?? bad('invalid');
    case 'boolean':
      return TRUE.test(text) || (FALSE.test(text) ? false : bad('invalid'));
    case 'text':
    case 'enum':
      return text;
  }
}

/** A value out of JSON; a number in quotes is one too. */
export function valueOfJson(json: unknown, type: Type, decimalComma: boolean): RecordValue {
  if (typeof json === 'string') return valueOfText(json.trim(), type, decimalComma);
  if (typeof json === 'number' && (type === 'number' || type === 'integer')) return json;
  if (typeof json === 'number' && type === 'boolean') return valueOfText(String(json), type, decimalComma);
  if (typeof json === 'number' && type === 'text') return String(json);
  if (typeof json === 'boolean' && type === 'boolean') return json;
  return bad('invalid');
}

/** Whether a text is a value of its type, or is what stands for a number that is none. */
export function fits(text: string, type: Type, decimalComma: boolean): boolean {
  return NO_NUMBER.test(text) || !(valueOfText(text, type, decimalComma) instanceof Object);
}
