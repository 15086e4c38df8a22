/** One change below a service. When children of a service or collection came or went, `value` is that holder. */
export interface Change {
  /** Access path from the observed service, e.g. `detectors["a"].gain`. */
  readonly path: string;
  readonly value: unknown;
}

/** So many changes wait for a slow listener before those of one path are merged into its newest. */
const LIMIT = 100_000;

/** After so many changes in a row everything else in the process has its turn. */
const STRETCH = 1_000;

/**
 * Hands changes to one listener, in order, never within the call that caused them. A slow listener holds up nobody: when
 * too many changes wait, only the newest of each path is kept.
 */
export class ChangeQueue {
  readonly #listener: (change: Change) => unknown;
  readonly #report: (error: unknown) => void;
  #waiting: Change[] = [];
  #next = 0;
  #limit = LIMIT;
  #delivering = false;
  #ended = false;
  #coalesced = 0;
  #delivered = 0;
  #throwing = false;

  /** @param report is told what the listener throws, the first of each row; must not throw itself */
  constructor(listener: (change: Change) => unknown, report: (error: unknown) => void) {
    this.#listener = listener;
    this.#report = report;
  }

  /** Changes that were replaced by a newer one of their path before the listener took them. */
  get coalesced(): number {
    return this.#coalesced;
  }

  push(change: Change): void {
    if (this.#ended) return;
    this.#waiting.push(change);
    if (this.#waiting.length - this.#next > this.#limit) this.#coalesce();
    if (this.#delivering) return;
    this.#delivering = true;
    queueMicrotask(() => void this.#deliver());
  }

  end(): void {
    this.#ended = true;
    this.#waiting = [];
    this.#next = 0;
  }

  #coalesce(): void {
    const newest = new Map<string, Change>();
    for (const change of this.#waiting.slice(this.#next)) {
      // Deleted first, so that the order is that of the newest values.
      newest.delete(change.path);
      newest.set(change.path, change);
    }
    this.#coalesced += this.#waiting.length - this.#next - newest.size;
    this.#waiting = [...newest.values()];
    this.#next = 0;
    // A tree with more members than the limit must not be sorted again with each change.
    this.#limit = Math.max(LIMIT, 2 * this.#waiting.length);
  }

  async #deliver(): Promise<void> {
    for (let change = this.#take(); change; change = this.#take()) {
      try {
        const result = this.#listener(change);
        if (isPromiseLike(result)) await result;
        this.#throwing = false;
      } catch (error) {
        if (!this.#throwing) this.#report(error);
        this.#throwing = true;
      }
      if (++this.#delivered % STRETCH === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#delivering = false;
  }

  #take(): Change | undefined {
    const change = this.#waiting[this.#next];
    if (change) this.#next++;
    // What is delivered is let go in blocks, also when the queue never runs empty.
    if (this.#next === this.#waiting.length || this.#next === STRETCH) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    return change;
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
