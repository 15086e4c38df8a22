import type { RemoteNode } from './node.ts';
import { isWithin } from './path.ts';

/** One change, the newest of its path. */
export interface RemoteChange {
  /** Access path, e.g. `detectors["a"].gain`. */
  readonly path: string;
  /** The plain value; of a service or collection whose members came or went, an object of values. */
  readonly value: unknown;
  readonly node: RemoteNode;
}

export interface ChangesOptions {
  /** Only what has one of these paths or lies below it; default everything. */
  readonly paths?: readonly string[];
  /** At most so many changes of a path in a second; default as they come. */
  readonly maxHz?: number;
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
}

/** What a timer can wait. */
const LONGEST_PAUSE_MS = 2 ** 31 - 1;

/**
 * Hands changes to one reader. While the reader is busy, only the newest of each path waits: it holds no more than the
 * tree has members.
 */
export class ChangeFeed implements AsyncIterableIterator<RemoteChange> {
  readonly #prefixes: readonly string[];
  readonly #pauseMs: number;
  readonly #onEnd: () => void;
  readonly #signal: AbortSignal | undefined;
  readonly #waiting = new Map<string, RemoteChange>();
  /** Those who were promised a change, in their order. */
  readonly #readers: ((result: IteratorResult<RemoteChange>) => void)[] = [];
  #pause: ReturnType<typeof setTimeout> | undefined;
  #batch: RemoteChange[] = [];
  #ended = false;
  #coalesced = 0;

  /**
   * @param options a signal that is aborted already does not end it: whoever made it does
   * @param onEnd told once, when nobody reads any more
   */
  constructor(prefixes: readonly string[], options: ChangesOptions, onEnd: () => void) {
    this.#prefixes = prefixes;
    this.#pauseMs = options.maxHz === undefined ? 0 : Math.min(1000 / options.maxHz, LONGEST_PAUSE_MS);
    this.#onEnd = onEnd;
    this.#signal = options.signal;
    this.#signal?.addEventListener('abort', this.end, { once: true });
  }

  /** Changes that were replaced by a newer one of their path before they were read. */
  get coalesced(): number {
    return this.#coalesced;
  }

  push(change: RemoteChange): void {
    if (this.#ended || !this.#prefixes.some((prefix) => isWithin(change.path, prefix))) return;
    // Deleted first, so that the order is that of the newest values.
    if (this.#waiting.delete(change.path)) this.#coalesced++;
    this.#waiting.set(change.path, change);
    this.#serve();
  }

  next(): Promise<IteratorResult<RemoteChange>> {
    return new Promise((resolve) => {
      this.#readers.push(resolve);
      this.#serve();
    });
  }

  return(): Promise<IteratorResult<RemoteChange>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the iteration, without what was not read yet. */
  readonly end = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting.clear();
    this.#batch = [];
    clearTimeout(this.#pause);
    this.#signal?.removeEventListener('abort', this.end);
    this.#onEnd();
    this.#serve();
  };

  #serve(): void {
    while (this.#readers.length > 0) {
      const change = this.#take();
      if (!change && !this.#ended) return;
      this.#readers.shift()?.(change ? { done: false, value: change } : { done: true, value: undefined });
    }
  }

  /** With a rate, all that waits is handed out together, and then nothing for a while. */
  #take(): RemoteChange | undefined {
    if (this.#batch.length > 0) return this.#batch.shift();
    if (this.#pause !== undefined || this.#waiting.size === 0) return undefined;
    if (this.#pauseMs === 0) {
      const [first] = this.#waiting.values();
      if (first) this.#waiting.delete(first.path);
      return first;
    }
    this.#batch = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#serve();
    }, this.#pauseMs);
    return this.#batch.shift();
  }
}
