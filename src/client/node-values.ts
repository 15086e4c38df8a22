import { isObject } from '../base/index.ts';
import { unlessException } from './errors.ts';
import { childNodes, isNode, type Quantity, type RemoteNode } from './node.ts';

/**
 * The plain value of a node: of a quantity its magnitude, of an enum what its name stands for, of a service an object of
 * its members' values, without its methods; what could not be read over there is null in it.
 *
 * @throws RemoteError of an `Exception` node
 */
export function valueOfNode(node: RemoteNode): unknown {
  unlessException(node);
  switch (node.type) {
    case 'Quantity':
      return isObject(node.value) ? (node.value.magnitude ?? null) : null;
    case 'Enum': {
      const name = String(node.value);
      return node.enum && Object.hasOwn(node.enum, name) ? node.enum[name] : node.value;
    }
    case 'NoneType':
    case 'method':
      return null;
    case 'list':
      return Array.isArray(node.value) ? node.value.map((one) => (isNode(one) ? valueWithin(one) : one)) : [];
    case 'int':
    case 'float':
    case 'bool':
    case 'str':
    case 'datetime':
      return node.value;
    default:
      return Object.fromEntries(
        childNodes(node).flatMap(([key, child]) => (child.type === 'method' ? [] : [[key, valueWithin(child)]])),
      );
  }
}

const valueWithin = (node: RemoteNode): unknown => (node.type === 'Exception' ? null : valueOfNode(node));

const bare = { full_access_path: '', readonly: false, doc: null };

/**
 * The node of a value that is sent.
 *
 * @param like what is known of the member that takes it: whether a number is one of its unit, a text one of its names
 */
export function nodeOfValue(value: unknown, like?: RemoteNode): RemoteNode {
  const member = like?.type === 'Enum' ? nameIn(like, value) : undefined;
  if (like && member !== undefined) {
    return { ...bare, type: 'Enum', value: member, name: like.name ?? '', enum: like.enum ?? {} };
  }
  switch (typeof value) {
    case 'number':
      return numberNode(value, like);
    case 'boolean':
      return { ...bare, type: 'bool', value };
    case 'string':
      return { ...bare, type: like?.type === 'datetime' ? 'datetime' : 'str', value };
    default:
      if (isQuantity(value)) return { ...bare, type: 'Quantity', value: { ...value } };
      if (Array.isArray(value)) return { ...bare, type: 'list', value: value.map((one) => nodeOfValue(one)) };
      if (isObject(value)) return { ...bare, type: 'dict', value: nodesOf(value) };
      return { ...bare, type: 'NoneType', value: null };
  }
}

/** The node of named arguments; those that are undefined are left out. */
export function nodeOfArguments(named: object): RemoteNode {
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  return { ...bare, type: 'dict', value: nodesOf(Object.fromEntries(given)) };
}

const nodesOf = (values: Readonly<Record<string, unknown>>): Record<string, RemoteNode> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, nodeOfValue(value)]));

function numberNode(value: number, like: RemoteNode | undefined): RemoteNode {
  const unit = like?.type === 'Quantity' && isObject(like.value) ? like.value.unit : undefined;
  if (typeof unit === 'string') return { ...bare, type: 'Quantity', value: { magnitude: value, unit } };
  // 1 and 1.0 are the same number here: what is meant as a float is sent as one where that is known.
  return { ...bare, type: Number.isSafeInteger(value) && like?.type !== 'float' ? 'int' : 'float', value };
}

function nameIn({ enum: names = {} }: RemoteNode, value: unknown): string | undefined {
  return Object.entries(names).find(([, meant]) => meant === value)?.[0];
}

function isQuantity(value: unknown): value is Quantity {
  return (
    isObject(value) &&
    typeof value.magnitude === 'number' &&
    typeof value.unit === 'string' &&
    Object.keys(value).length === 2
  );
}
