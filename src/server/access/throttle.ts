import type { Clock } from '../../base/index.ts';
import { BoundedMap } from './bounded-map.ts';

/** Attempts that may fail in a row without a wait. */
const FREE = 10;
/** A failure is forgotten in this time. */
const FORGET_MS = 60_000;
const LONGEST_WAIT_MS = 60_000;
const MOST_KEYS = 4096;

interface Row {
  /** Failures that are not forgotten yet. */
  level: number;
  /** From when on the time runs in which the next one is forgotten. */
  since: number;
  blockedUntil: number;
}

/**
 * Counts failed attempts by a key, an address or a user. Beyond ten, each failure doubles the time in which nothing is
 * looked at, up to a minute. An attempt under way counts as a failure until it has proved not to be one: otherwise a
 * thousand at once would all be looked at. Who succeeds does not wipe the slate, since one who has an account would then
 * guess at another's for ever.
 */
export class Throttle {
  readonly #rows = new BoundedMap<string, Row>(MOST_KEYS);
  readonly #clock: Clock;
  readonly #onBlocked: (key: string) => void;

  /** @param onBlocked told when a key reaches the limit, not of each attempt beyond it */
  constructor(clock: Clock, onBlocked: (key: string) => void = () => {}) {
    this.#clock = clock;
    this.#onBlocked = onBlocked;
  }

  /** Keys that something is remembered of. */
  get size(): number {
    return this.#rows.size;
  }

  /** Whole seconds until an attempt is looked at again; 0: at once. */
  wait(key: string): number {
    const row = this.#rows.get(key);
    return row ? Math.max(0, Math.ceil((row.blockedUntil - this.#clock.monotonic()) / 1000)) : 0;
  }

  /** Notes an attempt as a failure. @returns a function that takes it back */
  attempt(key: string): () => void {
    const now = this.#clock.monotonic();
    const { level, since } = this.#faded(key, now);
    const over = level + 1 - FREE;
    const blockedUntil = over < 0 ? 0 : now + Math.min(LONGEST_WAIT_MS, 1000 * 2 ** over);
    this.#rows.set(key, { level: level + 1, since, blockedUntil });
    if (over === 0) this.#onBlocked(key);
    let counted = true;
    return () => {
      const row = this.#rows.get(key);
      if (!counted || !row) return;
      counted = false;
      row.level = Math.max(0, row.level - 1);
      if (row.level < FREE) row.blockedUntil = 0;
    };
  }

  #faded(key: string, now: number): { level: number; since: number } {
    const row = this.#rows.get(key);
    if (!row) return { level: 0, since: now };
    const forgotten = Math.floor((now - row.since) / FORGET_MS);
    const level = Math.max(0, row.level - forgotten);
    return { level, since: level === 0 ? now : row.since + forgotten * FORGET_MS };
  }
}

/** What a remote address counts as: of IPv6 the first half, since one machine has all of the other. */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const groups = [...first, ...new Array<string>(zeros).fill('0'), ...last];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
