import { appendSegment, canonicalUnit, units } from '../base/index.ts';
import { type Client, childNodes, type RemoteNode, valueOfNode } from '../client/index.ts';
import { visibleWords } from './terminal-text.ts';

/** A value of a gateway, as it is shown and as `--json` has it. */
export interface ShownValue {
  readonly path: string;
  readonly value: unknown;
  /** Canonical symbol; null where there is none. */
  readonly unit: string | null;
  /** Whether it cannot be set. */
  readonly readonly: boolean;
}

/** Services of the gateway itself, which are shown only where they are asked for. */
const BESIDE = ['sinks'];
const HOLDERS = ['DataService', 'DeviceConnection', 'Task', 'dict', 'list'];

/** Whether it has no value of its own, but what is below it has. */
export const isHolder = ({ type }: RemoteNode): boolean => HOLDERS.includes(type);

/** Values, of everything below a path or of the path itself; without one, of all devices, and none of a task. */
export function valuesAt(client: Client, path?: string): ShownValue[] {
  const node = client.node(path ?? '');
  return node ? [...valuesBelow(node, path ?? '', path === undefined)] : [];
}

function* valuesBelow(node: RemoteNode, path: string, everything: boolean): Generator<ShownValue> {
  if (!isHolder(node)) {
    if (node.type !== 'method') yield shownValue(node, path);
    return;
  }
  for (const [key, child] of childNodes(node)) {
    if (everything && path === '' && BESIDE.includes(key)) continue;
    if (child.type !== 'Task') yield* valuesBelow(child, childPath(node, path, key), everything);
  }
}

export function childPath(holder: RemoteNode, path: string, key: string): string {
  if (holder.type === 'list') return appendSegment(path, { index: Number(key) });
  return appendSegment(path, holder.type === 'dict' ? { key } : { name: key });
}

export function shownValue(node: RemoteNode, path: string): ShownValue {
  return {
    path,
    value: node.type === 'Exception' ? null : valueOfNode(node),
    unit: unitOf(node) ?? null,
    readonly: node.readonly,
  };
}

/** As people write it: labwire's own servers say so, of others it is translated from pint. */
export function unitOf(node: RemoteNode): string | undefined {
  if (typeof node.unit === 'string') return node.unit;
  const pint = node.type === 'Quantity' ? (node.value as { unit?: unknown }).unit : undefined;
  if (typeof pint !== 'string') return undefined;
  for (const unit of units.values()) if (unit.pint === pint) return unit.symbol;
  return canonicalUnit(pint);
}

/** A value for people: `–` for one that is not known. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') return String(Number(value.toPrecision(9)));
  return visibleWords(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** `4.213 K`. */
export function valueWithUnit({ value, unit }: ShownValue): string {
  return unit === null || value === null ? valueText(value) : `${valueText(value)} ${unit}`;
}
