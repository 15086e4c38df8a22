import { isObject } from '../base/index.ts';

/**
 * What a server says of one member, service or value. Read as it comes: a server of another version may say more, and a
 * reader ignores what it does not know.
 */
export interface RemoteNode {
  /** Access path, e.g. `detectors["a"].gain`; the root has `''`. */
  readonly full_access_path: string;
  /** `int` `float` `bool` `str` `NoneType` `datetime` `Quantity` `Enum` `list` `dict` `method` `Exception` `DataService` `Task` … */
  readonly type: string;
  /** Of a service, task or dict an object of nodes, of a list an array of nodes. */
  readonly value: unknown;
  readonly readonly: boolean;
  readonly doc: string | null;
  /** Of a service, task, enum or exception: the name of its class. */
  readonly name?: string;
  /** Of an `Enum`: what each name stands for. */
  readonly enum?: Readonly<Record<string, unknown>>;
  /** Of a `method`. */
  readonly signature?: { readonly parameters: Readonly<Record<string, RemoteParameter>> };
  readonly [more: string]: unknown;
}

export interface RemoteParameter {
  /** Python's name of a type, e.g. `<class 'float'>`. */
  readonly annotation?: string;
  /** A node; an empty object where the argument is needed. */
  readonly default?: unknown;
  readonly [more: string]: unknown;
}

/** A number in a unit of its own, which the server converts to the setting's or refuses. */
export interface Quantity {
  readonly magnitude: number;
  /** As Python's pint writes it, e.g. `mV`, `degC`. */
  readonly unit: string;
}

export const isNode = (value: unknown): value is RemoteNode =>
  isObject(value) && typeof value.type === 'string' && typeof value.full_access_path === 'string';

/** The nodes below a service, task, dict or list, by name, key or index; of everything else none. */
export function childNodes(node: RemoteNode): [key: string, child: RemoteNode][] {
  if (node.type === 'Quantity' || typeof node.value !== 'object' || node.value === null) return [];
  return Object.entries(node.value).filter((entry): entry is [string, RemoteNode] => isNode(entry[1]));
}
