import { appendSegment, canonicalUnit, LabwireError, show, units } from '../base/index.ts';
import type { SettingValue, ValueRules } from '../service/index.ts';
import type { WireNode } from './node.ts';

/** What every node of a member has. */
export interface Place {
  readonly path: string;
  readonly readonly: boolean;
  readonly doc: string;
}

/** A result may be nested so deep, and have so many nodes. */
const DEEPEST = 32;
const MOST_NODES = 100_000;

/** The unit of a rule as Python's pint reads it; undefined where there is none, or pint knows it not. */
export function pintOf({ unit }: ValueRules): string | undefined {
  return unit === undefined ? undefined : units.get(canonicalUnit(unit))?.pint;
}

/** The options by the names that members of an enum have; undefined where there are none, or some are no names in Python. */
export function enumOf({ options }: ValueRules): Readonly<Record<string, SettingValue>> | undefined {
  if (!options) return undefined;
  const names = options.map(String);
  const fit = names.every((name) => name !== '' && name !== 'mro' && !/^_.*_$/.test(name));
  if (!fit || new Set(names).size < names.length) return undefined;
  return Object.fromEntries(options.map((option) => [String(option), option]));
}

/** The node of a value that is declared: its type follows from its rules, not from what it happens to be. */
export function valueNode({ path, readonly, doc }: Place, rules: ValueRules, value: SettingValue | null): WireNode {
  const head = { full_access_path: path, readonly, doc: doc === '' ? null : doc };
  const facts = {
    ...(rules.unit !== undefined && { unit: canonicalUnit(rules.unit) }),
    ...(rules.minimum !== undefined && { minimum: rules.minimum }),
    ...(rules.maximum !== undefined && { maximum: rules.maximum }),
  };
  if (value === null) return { ...head, type: 'NoneType', value, ...facts };
  const members = enumOf(rules);
  if (members && Object.hasOwn(members, String(value))) {
    return { ...head, type: 'Enum', value: String(value), name: className(path), enum: members };
  }
  if (typeof value === 'number') {
    const pint = pintOf(rules);
    if (pint !== undefined) return { ...head, type: 'Quantity', value: { magnitude: value, unit: pint }, ...facts };
    return { ...head, type: rules.type === 'integer' ? 'int' : 'float', value, ...facts };
  }
  if (typeof value === 'boolean') return { ...head, type: 'bool', value };
  return { ...head, type: 'str', value };
}

/** The node of a value that nothing is declared of, such as the result of a command. @throws LabwireError VALUE_INVALID */
export function plainNode(path: string, value: unknown): WireNode {
  let nodes = 0;
  const node = (at: string, inner: unknown, depth: number): WireNode => {
    if (++nodes > MOST_NODES || depth > DEEPEST) {
      throw new LabwireError('VALUE_INVALID', `A result has more than ${MOST_NODES} parts, or is too deep, to be sent`);
    }
    const head = { full_access_path: at, readonly: true, doc: null };
    if (inner === null || inner === undefined) return { ...head, type: 'NoneType', value: null };
    switch (typeof inner) {
      case 'number':
        // JSON has no number for these.
        if (!Number.isFinite(inner)) return { ...head, type: 'NoneType', value: null };
        return { ...head, type: Number.isSafeInteger(inner) ? 'int' : 'float', value: inner };
      case 'bigint':
        return { ...head, type: 'str', value: String(inner) };
      case 'boolean':
        return { ...head, type: 'bool', value: inner };
      case 'string':
        return { ...head, type: 'str', value: inner };
      case 'object':
        break;
      default:
        throw new LabwireError('VALUE_INVALID', `A result that is ${show(inner)} cannot be sent`);
    }
    if (inner instanceof Date && !Number.isNaN(inner.getTime())) {
      return { ...head, type: 'datetime', value: inner.toISOString() };
    }
    if (Array.isArray(inner) || ArrayBuffer.isView(inner)) {
      const values = [...(inner as Iterable<unknown>)].map((one, index) =>
        node(appendSegment(at, { index }), one, depth + 1),
      );
      return { ...head, type: 'list', value: values };
    }
    const entries = inner instanceof Map ? [...inner] : Object.entries(inner);
    const values = entries.map(
      ([key, one]) => [String(key), node(appendSegment(at, { key: String(key) }), one, depth + 1)] as const,
    );
    return { ...head, type: 'dict', value: Object.fromEntries(values) };
  };
  return node(path, value, 0);
}

/** A class for the enum of a member: `Range` for `magnet.range`. */
function className(path: string): string {
  const [name = ''] = /[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.exec(path) ?? [];
  return name === '' ? 'Options' : `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}
