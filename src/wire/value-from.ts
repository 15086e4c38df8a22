import { isObject, LabwireError, show } from '../base/index.ts';
import { type CommandCore, type ValueRules, valueFault } from '../service/index.ts';
import { convert } from './pint.ts';
import { enumOf, pintOf } from './value-node.ts';

/** Arguments of one call. */
const MOST_ARGUMENTS = 64;

/**
 * The plain value that a client's node means to a member, in the member's unit. Nothing is coerced, but a number with a
 * decimal point may be given as a whole one. Whether the value then fits the rules, the member itself looks at.
 *
 * @param what names the member in messages
 * @throws LabwireError VALUE_INVALID
 */
export function valueFrom(node: unknown, what: string, rules: ValueRules): unknown {
  const { type, value } = typed(node, what);
  const refused = (shown: string): LabwireError =>
    new LabwireError('VALUE_INVALID', `${what} ${valueFault(rules, undefined, shown)}`);
  const malformed = (is: unknown = value): LabwireError =>
    new LabwireError('VALUE_INVALID', `${what}: ${show(is)} is no ${type}`);
  switch (type) {
    case 'int':
      if (!Number.isSafeInteger(value)) throw malformed();
      return value;
    // numpy's is one of Python's, which pydase's client sends under its own name.
    case 'float64':
    case 'float':
      if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed();
      if (rules.type === 'integer') throw refused(`${value} as a float`);
      return value;
    case 'bool':
      if (typeof value !== 'boolean') throw malformed();
      return value;
    case 'str':
      if (typeof value !== 'string') throw malformed();
      return value;
    case 'NoneType':
      return null;
    case 'Quantity': {
      const { magnitude, unit } = quantity(value) ?? {};
      if (magnitude === undefined || unit === undefined) throw malformed(isObject(value) ? value.magnitude : value);
      // Of a unit that pint does not know nothing is known of its dimension either.
      const own = rules.unit === undefined ? '' : pintOf(rules);
      const converted = own === undefined || !isNumeric(rules) ? undefined : convert(magnitude, unit, own);
      if (converted === undefined) throw refused(show(`${magnitude} ${unit}`));
      return converted;
    }
    case 'Enum': {
      const members = enumOf(rules);
      if (typeof value !== 'string') throw malformed();
      if (!members || !Object.hasOwn(members, value)) throw refused(`the member ${show(value)} of an enum`);
      return members[value];
    }
    default:
      throw refused(`a value of the type ${show(type)}`);
  }
}

/**
 * The named arguments that a client's list node and dict node mean to a command; what is given by its place belongs to
 * the parameters in their order.
 *
 * @throws LabwireError VALUE_INVALID
 */
export function argumentsOf(
  args: unknown,
  kwargs: unknown,
  what: string,
  command: CommandCore,
): Record<string, unknown> {
  const names = Object.keys(command.parameters);
  const placed = listOf(args, what);
  const invalid = (text: string): LabwireError => new LabwireError('VALUE_INVALID', `${what} ${text}`);
  if (placed.length > names.length) throw invalid(`takes at most ${names.length} arguments, not ${placed.length}`);
  const given = new Map(placed.map((node, index) => [names[index] as string, node]));
  for (const [name, node] of entriesOf(kwargs, what)) {
    if (given.has(name)) throw invalid(`was given the argument ${show(name)} twice`);
    given.set(name, node);
  }
  const plain = [...given].map(([name, node]) => {
    const parameter = Object.hasOwn(command.parameters, name) ? command.parameters[name] : undefined;
    // Of one that it does not have the command itself says so.
    return [name, parameter ? valueFrom(node, `${what}, argument ${name},`, parameter) : null] as const;
  });
  return Object.fromEntries(plain);
}

/** The nodes of a list node; none of what was left out. @throws LabwireError VALUE_INVALID */
export function listOf(node: unknown, what: string): readonly unknown[] {
  if (node === undefined || node === null) return [];
  const { type, value } = typed(node, what);
  if (type === 'list' && Array.isArray(value) && value.length <= MOST_ARGUMENTS) return value;
  throw new LabwireError('VALUE_INVALID', `${what} takes its args as a list node of at most ${MOST_ARGUMENTS} nodes`);
}

/** The nodes of a dict node by name; none of what was left out. @throws LabwireError VALUE_INVALID */
export function entriesOf(node: unknown, what: string): readonly (readonly [string, unknown])[] {
  if (node === undefined || node === null) return [];
  const { type, value } = typed(node, what);
  if (type === 'dict' && isObject(value)) {
    const entries = Object.entries(value);
    if (entries.length <= MOST_ARGUMENTS) return entries;
  }
  throw new LabwireError('VALUE_INVALID', `${what} takes its kwargs as a dict node of at most ${MOST_ARGUMENTS} nodes`);
}

const isNumeric = ({ type, options }: ValueRules): boolean =>
  type === 'number' || type === 'integer' || (options?.every((option) => typeof option === 'number') ?? false);

function typed(node: unknown, what: string): { readonly type: string; readonly value: unknown } {
  if (isObject(node) && Object.hasOwn(node, 'type') && Object.hasOwn(node, 'value') && typeof node.type === 'string') {
    return { type: node.type, value: node.value };
  }
  throw new LabwireError('VALUE_INVALID', `${what} takes a node, an object with a type and a value, not ${show(node)}`);
}

function quantity(value: unknown): { readonly magnitude: number; readonly unit: string } | undefined {
  if (!isObject(value) || !Object.hasOwn(value, 'magnitude') || !Object.hasOwn(value, 'unit')) return undefined;
  const { magnitude, unit } = value;
  if (typeof magnitude !== 'number' || !Number.isFinite(magnitude) || typeof unit !== 'string') return undefined;
  return { magnitude, unit };
}
