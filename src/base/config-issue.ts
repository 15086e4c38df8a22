import type { z } from 'zod';
import type { ErrorCode } from './codes.ts';
import type { ConfigPath } from './config-path.ts';
import { keysAt } from './schema-keys.ts';
import { isSecretKey, maskSecrets } from './secrets.ts';
import { didYouMean } from './suggest.ts';

/** One thing that is wrong with a configuration, by its place in the data. */
export interface ConfigIssue {
  readonly code: ErrorCode;
  readonly path: ConfigPath;
  /** Which of the two at this place is meant. */
  readonly at: 'key' | 'value';
  /** Names the place and what is wrong there, e.g. `devices.oven.interval must be longer than 0, is "0s"`. */
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

export interface IssueContext {
  /** The schema that found the issues: it knows which keys may stand where. */
  readonly schema: z.ZodType;
  /** Where in the configuration the checked value stands. */
  readonly prefix?: ConfigPath;
  /** What stands for the whole in a message; default `The configuration`. */
  readonly whole?: string;
  /** A better word on an unknown key than a similar one, with a blank before it; undefined where there is none. */
  readonly hint?: (path: ConfigPath, key: string) => string | undefined;
  /** Whether the value at a place must not be shown. What stands under a key such as `password` never is. */
  readonly concealed?: (path: ConfigPath) => boolean;
}

type ZodIssue = z.core.$ZodIssue;

/** What zod found (asked with `reportInput: true`), in words that a technician understands. */
export function configIssues(issues: readonly ZodIssue[], context: IssueContext): ConfigIssue[] {
  return issues.flatMap((issue) => translate(issue, [], context));
}

function translate(issue: ZodIssue, parent: ConfigPath, context: IssueContext): ConfigIssue[] {
  const local = [...parent, ...(issue.path as (string | number)[])];
  const path = [...(context.prefix ?? []), ...local];
  const { whole = 'The configuration' } = context;
  /** A place as people write it: `devices.oven.port`. */
  const placeName = (place: ConfigPath): string => (place.length === 0 ? whole : place.join('.'));
  const invalid = (message: string, at: 'key' | 'value' = 'value', where: ConfigPath = path): ConfigIssue[] => [
    { code: 'CONFIG_INVALID', path: where, at, message, severity: 'error' },
  ];

  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(context.schema, local);
    return issue.keys.map((key) => {
      const hint = context.hint?.(path, key) ?? (didYouMean(key, known) || listOf(known));
      const message = `${placeName(path)} has an unknown key "${cut(key)}"${hint && `.${hint}`}`;
      return { code: 'CONFIG_UNKNOWN_KEY', path: [...path, key], at: 'key', message, severity: 'error' };
    });
  }
  if (issue.code === 'invalid_key') {
    const reason = issue.issues.map((inner) => predicate(inner)).join(', and ');
    const where = placeName(path.slice(0, -1));
    return invalid(`${where} has the key "${cut(String(path.at(-1)))}", which ${reason}`, 'key');
  }
  const missing = 'input' in issue && issue.input === undefined;
  if (missing && issue.code !== 'custom' && path.length > 0) {
    const owner = path.slice(0, -1);
    return invalid(`${placeName(owner)} lacks "${path.at(-1)}"`, 'key', owner);
  }
  if (issue.code === 'invalid_union') {
    const inner = likeliestBranch(issue);
    if (inner) return inner.flatMap((part) => translate(part, local, context));
  }
  const concealed = context.concealed?.(path) || path.some((step) => isSecretKey(String(step)));
  const words = concealed ? withoutValue(issue) : predicate(issue);
  return invalid(`${placeName(path)} ${words}${shown(issue, concealed)}`);
}

const listOf = (known: readonly string[]): string =>
  known.length > 0 && known.length <= 24 ? ` It takes ${known.join(', ')}` : '';

/** Of a union's alternatives the one that the author of the value meant; undefined where its type fits none. */
function likeliestBranch(issue: z.core.$ZodIssueInvalidUnion): ZodIssue[] | undefined {
  const fitting = issue.errors.filter((branch) => branch.length > 0 && !branch.some(isOfWrongType));
  return fitting.sort((a, b) => a.length - b.length)[0];
}

function isOfWrongType(issue: ZodIssue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_union') return issue.errors.every((branch) => branch.some(isOfWrongType));
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

/** What must be, as the end of a sentence that begins with the place. */
function predicate(issue: ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
    case 'invalid_union': {
      const wanted = expectations(issue);
      return wanted.length > 0 ? `must be ${alternativesOf(wanted)}` : 'fits none of the possibilities';
    }
    case 'too_small':
      return tooSmall(issue);
    case 'too_big':
      return `must ${sizeOf(issue.origin, issue.inclusive === false ? 'less than' : 'at most', Number(issue.maximum))}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    default:
      return issue.message;
  }
}

/** What the author of a schema writes in its messages is not ours: they may repeat the value. */
function withoutValue(issue: ZodIssue): string {
  const words = predicate(issue);
  const { input } = issue;
  return typeof input === 'string' && input !== '' && words.includes(input) ? 'is not what its key takes' : words;
}

function tooSmall({ origin, inclusive, minimum }: z.core.$ZodIssueTooSmall): string {
  if (origin === 'string' && Number(minimum) === 1) return 'must not be empty';
  return `must ${sizeOf(origin, inclusive === false ? 'more than' : 'at least', Number(minimum))}`;
}

function sizeOf(origin: string, relation: string, limit: number): string {
  if (origin === 'string') return `have ${relation} ${limit} characters`;
  if (origin === 'array' || origin === 'set') return `have ${relation} ${limit} entries`;
  return `be ${relation} ${limit}`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
  array: 'a list',
  tuple: 'a list',
};

function expectations(issue: ZodIssue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value) ?? String(value));
  if (issue.code === 'invalid_union') return [...new Set(issue.errors.flat().flatMap(expectations))];
  return issue.code === 'invalid_type' ? [typeNames[issue.expected] ?? issue.expected] : [];
}

function alternativesOf(words: readonly string[]): string {
  return words.length > 1 ? `${words.slice(0, -1).join(', ')} or ${words.at(-1)}` : (words[0] ?? '');
}

/** `, is "abc"`: what stands there instead. */
function shown(issue: ZodIssue, concealed: boolean): string {
  const { input } = issue;
  if (input === undefined || (issue.code === 'custom' && typeof input === 'object')) return '';
  if (input === null) return ', is empty';
  if (Array.isArray(input)) return ', is a list';
  if (typeof input === 'object') return ', is a mapping';
  if (concealed) return `, is a ${typeof input === 'string' ? 'text' : typeof input} that is not shown here`;
  if (typeof input === 'string') return `, is ${JSON.stringify(cut(maskSecrets(input)))}`;
  const wantsText = issue.code === 'invalid_type' && issue.expected === 'string';
  return `, is ${String(input)}${wantsText ? ': put it in quotes' : ''}`;
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
