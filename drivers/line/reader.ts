import type { RecordValue, RecordValues } from '../../src/index.ts';
import { columns } from './columns.ts';
import type { LineOptions } from './options.ts';
import { fits, valueOfJson, valueOfText } from './value.ts';

/**
 * Reads one line. The result is its values, or why it has none: `no_match` where it is something else (a debug text, a
 * heading), `invalid` where it is JSON and damaged. Never throws.
 */
export type LineReader = (line: string) => RecordValues | 'no_match' | 'invalid';

type Declared = readonly (readonly [id: string, channel: LineOptions['channels'][string]])[];

/** Makes the reader that a device's section asks for. */
export function lineReader(options: LineOptions): LineReader {
  const declared = Object.entries(options.channels);
  const decimalComma = options.decimal === ',';
  if (options.pattern !== undefined) return patternReader(new RegExp(options.pattern), declared, decimalComma);
  if (options.format === 'csv') return csvReader(options.separator ?? ',', declared, decimalComma);
  return jsonReader(declared, decimalComma);
}

/**
 * The pattern is the site's own and trusted to be a sane one: the framing's length limit bounds what a quadratic one
 * costs, but nothing stops one that backtracks exponentially, such as `(a+)+b`.
 */
function patternReader(pattern: RegExp, declared: Declared, decimalComma: boolean): LineReader {
  return (line) => {
    const groups = pattern.exec(line)?.groups;
    if (!groups) return 'no_match';
    return valuesOf(declared, (id, { type = 'number' }) => {
      const text = groups[id];
      return text === undefined ? undefined : valueOfText(text.trim(), type, decimalComma);
    });
  };
}

function csvReader(separator: string, declared: Declared, decimalComma: boolean): LineReader {
  const needed = Math.max(...declared.map(([, { column = 1 }]) => column));
  // A text says nothing about whether a line is one of values: every debug line has one.
  const telling = declared.filter(([, { type }]) => type !== 'text' && type !== 'enum');
  return (line) => {
    const found = columns(line, separator);
    if (found.length < needed) return 'no_match';
    const text = (column = 1): string => found[column - 1] ?? '';
    const fitting = telling.some(([, { column, type = 'number' }]) => fits(text(column), type, decimalComma));
    if (!fitting && telling.length > 0) return 'no_match';
    return valuesOf(declared, (_, { column, type = 'number' }) => valueOfText(text(column), type, decimalComma));
  };
}

function jsonReader(declared: Declared, decimalComma: boolean): LineReader {
  return (line) => {
    const text = line.trim();
    if (!text.startsWith('{') && !text.startsWith('[')) return 'no_match';
    const json = parseJson(text);
    if (json === undefined) return 'invalid';
    const values = valuesOf(declared, (id, { key = id, type = 'number' }) => {
      const found = at(json, key);
      return found === undefined ? undefined : valueOfJson(found, type, decimalComma);
    });
    return Object.keys(values).length > 0 ? values : 'no_match';
  };
}

function valuesOf(
  declared: Declared,
  value: (id: string, channel: LineOptions['channels'][string]) => RecordValue | undefined,
): Record<string, RecordValue> {
  const values: Record<string, RecordValue> = {};
  for (const [id, channel] of declared) {
    const found = value(id, channel);
    if (found !== undefined) values[id] = found;
  }
  return values;
}

/** Bare words that C's printf and Arduino's print write for a float that is none; JSON has no word for them. */
const BARE_NO_NUMBER = /([:,[]\s*)[+-]?(?:nan|inf(?:inity)?|ovf)(?=\s*[,}\]])/gi;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not worth an error: it is counted by the caller, and the usual cause has one more chance.
  }
  try {
    return JSON.parse(text.replaceAll(BARE_NO_NUMBER, '$1null'));
  } catch {
    return undefined;
  }
}

function at(json: unknown, key: string | readonly string[]): unknown {
  let found = json;
  for (const step of typeof key === 'string' ? [key] : key) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined;
    found = Reflect.get(found, step);
  }
  return found;
}
