import { canonicalUnit, closest, LabwireError, units } from '../base/index.ts';
import type { RemoteNode, RemoteParameter } from '../client/index.ts';
import { unitOf } from './remote-values.ts';

const NUMBER = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?:\s*(\S.*))?$/;

/** What a value is to be, as its setting or parameter declares it. */
interface Declared {
  readonly type: 'number' | 'boolean' | 'text' | 'enum' | 'unknown';
  readonly unit?: string | undefined;
  readonly options?: ReadonlyMap<string, unknown>;
}

/** A value of a setting as it is written on a command line: `4.2`, `5 mV`, `true`, `low`. @throws LabwireError USAGE */
export function settingValue(path: string, node: RemoteNode, text: string): unknown {
  return parsed(path, declaredBy(node), text);
}

/** `name=value` for each argument of a command. @throws LabwireError USAGE */
export function callArguments(path: string, method: RemoteNode, texts: readonly string[]): Record<string, unknown> {
  const parameters = method.signature?.parameters ?? {};
  const named: [string, unknown][] = [];
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) throw usage(`${text} is no argument: write name=value, e.g. ${example(parameters)}`);
    const name = text.slice(0, at).trim();
    if (!Object.hasOwn(parameters, name)) throw usage(unknownArgument(path, name, parameters));
    const parameter = parameters[name];
    if (parameter) named.push([name, parsed(`${path}, argument ${name},`, declaredIn(parameter), text.slice(at + 1))]);
  }
  const given = new Set(named.map(([name]) => name));
  const missing = Object.entries(parameters).find(([name, parameter]) => !given.has(name) && isNeeded(parameter));
  if (missing) throw usage(`${path} needs the argument ${missing[0]}: ${parameterText(...missing)}`);
  return Object.fromEntries(named);
}

/** What a command takes: `at=NUMBER K`, `[mode=slow|fast]` where it may be left out. */
export function parameterText(name: string, parameter: RemoteParameter): string {
  const { unit, options, type } = declaredIn(parameter);
  const words = { number: 'NUMBER', boolean: 'true|false', text: 'TEXT', enum: '', unknown: 'VALUE' };
  const kind = options ? [...options.keys()].join('|') : `${words[type]}${unit === undefined ? '' : ` ${unit}`}`;
  return isNeeded(parameter) ? `${name}=${kind}` : `[${name}=${kind}]`;
}

function parsed(what: string, { type, unit, options }: Declared, text: string): unknown {
  switch (type) {
    case 'text':
      return text;
    case 'boolean':
      if (text === 'true' || text === 'false') return text === 'true';
      throw usage(`${what} takes true or false, not ${JSON.stringify(text)}`);
    case 'enum': {
      if (options?.has(text)) return options.get(text);
      const names = [...(options?.keys() ?? [])];
      const meant = closest(text, names);
      const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
      throw usage(`${what} takes one of ${names.join(', ')}, not ${JSON.stringify(text)}.${hint}`);
    }
    case 'number':
      return numberOf(what, unit, text);
    case 'unknown':
      if (text === 'true' || text === 'false') return text === 'true';
      return NUMBER.test(text) && !/[^\d.eE+-]/.test(text) ? Number(text) : text;
  }
}

function numberOf(what: string, unit: string | undefined, text: string): unknown {
  const [, digits, written] = NUMBER.exec(text.trim()) ?? [];
  const takes = unit === undefined ? 'a number' : `a number in ${unit}`;
  if (digits === undefined) throw usage(`${what} takes ${takes}, not ${JSON.stringify(text)}`);
  if (written === undefined) return Number(digits);
  const symbol = canonicalUnit(written);
  if (unit === undefined) throw usage(`${what} takes a number without a unit, not ${JSON.stringify(text)}`);
  if (symbol === unit) return Number(digits);
  const known = units.get(symbol)?.pint;
  if (known === undefined) throw usage(`${what} takes ${takes}; the unit ${JSON.stringify(written)} is not known`);
  return { magnitude: Number(digits), unit: known };
}

function declaredBy(node: RemoteNode): Declared {
  switch (node.type) {
    case 'Enum':
      return { type: 'enum', options: new Map(Object.entries(node.enum ?? {})) };
    case 'bool':
      return { type: 'boolean' };
    case 'int':
    case 'float':
    case 'Quantity':
      return { type: 'number', unit: unitOf(node) };
    case 'str':
    case 'datetime':
      return { type: 'text' };
    default:
      return node.unit === undefined ? { type: 'unknown' } : { type: 'number', unit: unitOf(node) };
  }
}

function declaredIn({ annotation = '', unit, options }: RemoteParameter): Declared {
  if (Array.isArray(options)) return { type: 'enum', options: new Map(options.map((one) => [String(one), one])) };
  const [, name = ''] = /^<(?:class|enum) '(.*)'>$/.exec(annotation) ?? [];
  const symbol = typeof unit === 'string' ? unit : undefined;
  switch (name) {
    case 'float':
    case 'int':
      return { type: 'number', unit: symbol };
    case 'bool':
      return { type: 'boolean' };
    case 'str':
      return { type: 'text' };
    default:
      return symbol === undefined ? { type: 'unknown' } : { type: 'number', unit: symbol };
  }
}

/** An empty object says that there is no default. */
function isNeeded({ default: preset }: RemoteParameter): boolean {
  return typeof preset !== 'object' || preset === null || Object.keys(preset).length === 0;
}

function unknownArgument(path: string, name: string, parameters: Readonly<Record<string, RemoteParameter>>): string {
  const known = Object.entries(parameters).map((entry) => parameterText(...entry));
  const meant = closest(name, Object.keys(parameters));
  const hint = meant === undefined ? '' : ` Did you mean "${meant}"?`;
  const takes = known.length === 0 ? 'It takes none.' : `It takes ${known.join(', ')}.`;
  return `${path} has no argument ${JSON.stringify(name)}.${hint || ` ${takes}`}`;
}

function example(parameters: Readonly<Record<string, RemoteParameter>>): string {
  return `${Object.keys(parameters)[0] ?? 'at'}=5`;
}

const usage = (message: string): LabwireError => new LabwireError('USAGE', message);
