import type { Segment } from './access-path.ts';

/** Marks what holds members or services. */
export const BRANCH: unique symbol = Symbol.for('labwire.branch');

export interface BranchCore {
  readonly kind: 'service' | 'list' | 'map';
  /** In declaration order; only what may be seen from outside. */
  children(): Iterable<readonly [Segment, unknown]>;
  /** Calls back when children came or went; returns a function that ends it. */
  onStructure(listener: () => void): () => void;
}

export interface Branch {
  readonly [BRANCH]: BranchCore;
}

export function isBranch(value: unknown): value is Branch {
  return typeof value === 'object' && value !== null && BRANCH in value;
}
