/**
 * Marks what a client may ever see of a service. From `Symbol.for`, so that a driver with its own copy of labwire is
 * understood too.
 */
export const MEMBER: unique symbol = Symbol.for('labwire.member');

/**
 * What a member (task, setting, reading, command, channel) shows to the tree that it hangs in. Whoever makes a new kind
 * of member implements this; nothing else in labwire has a list of the kinds.
 */
export interface MemberCore {
  /** `task`, `setting`, `reading`, `command`, `channel`. */
  readonly kind: string;
  readonly doc: string;
  /** Names of the values below the member (`status` of a task); `''` stands for the member's own value. */
  readonly attributes: readonly string[];
  /** Names of what can be called below the member (`start` of a task); `''` stands for the member itself. */
  readonly methods: readonly string[];
  get(attribute: string): unknown;
  /** Calls back within the change, only when a value did change; returns a function that ends it. */
  onChange(listener: (attribute: string, value: unknown) => void): () => void;
  /** Its access path, for its messages; `''` until its owner has told it. */
  path: string;
}

export interface Member {
  readonly [MEMBER]: MemberCore;
}

export function isMember(value: unknown): value is Member {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && MEMBER in value;
}
