import type { Announcement } from './announcement.ts';

/** So many wait for a client before those with the same key are merged into the latest. */
const LIMIT = 256;

/**
 * What one client has not been told yet. One that keeps up gets everything; of one that is behind, no more waits than it
 * has paths, each with its latest value, in the order in which they first changed: a path that changes all the time does
 * not hold back the others, and they do not hold back that path.
 */
export class Outbox {
  readonly #always: boolean;
  #waiting = new Map<string | number, Announcement>();
  #merging: boolean;
  #count = 0;
  #merged = 0;

  /** @param always merge from the first on */
  constructor(always: boolean) {
    this.#always = always;
    this.#merging = always;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** How many were replaced by a later one. */
  get merged(): number {
    return this.#merged;
  }

  put(announcement: Announcement): void {
    if (!this.#merging && this.#waiting.size >= LIMIT) this.#merge();
    if (this.#merging) this.#add(announcement);
    else this.#waiting.set(++this.#count, announcement);
  }

  take(): Announcement | undefined {
    for (const [key, announcement] of this.#waiting) {
      this.#waiting.delete(key);
      if (this.#waiting.size === 0) this.#merging = this.#always;
      return announcement;
    }
    return undefined;
  }

  #merge(): void {
    const all = this.#waiting;
    this.#waiting = new Map();
    this.#merging = true;
    for (const announcement of all.values()) this.#add(announcement);
  }

  #add(announcement: Announcement): void {
    if (this.#waiting.has(announcement.key)) this.#merged++;
    this.#waiting.set(announcement.key, announcement);
  }
}
