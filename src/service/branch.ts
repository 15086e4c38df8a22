import { isMember, type Listeners, type Segment } from '../base/index.ts';

/** Marks what holds members or services: a service, a list, a map. */
export const BRANCH: unique symbol = Symbol.for('labwire.branch');

export interface BranchCore {
  readonly kind: 'service' | 'list' | 'map';
  /** In declaration order; only what may be seen from outside. */
  children(): Iterable<readonly [Segment, unknown]>;
  /** The one of `children()` with this step; undefined if there is none. */
  child(segment: Segment): unknown;
  /** Told when children came or went. */
  readonly structure: Listeners<[]>;
}

export interface Branch {
  readonly [BRANCH]: BranchCore;
}

export function isBranch(value: unknown): value is Branch {
  return typeof value === 'object' && value !== null && BRANCH in value;
}

/** Members, services, collections, and arrays that hold such: all that is ever visible to a client. */
export function isExposed(value: unknown, within: readonly unknown[] = []): boolean {
  if (!Array.isArray(value)) return isMember(value) || isBranch(value);
  return !within.includes(value) && value.some((one) => isExposed(one, [...within, value]));
}
