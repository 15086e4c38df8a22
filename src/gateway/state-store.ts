import type { StateEntry } from '../sinks/index.ts';

/** Places whose removal is remembered, for brokers that were away when it happened. */
const REMEMBERED = 1000;

/** The gateway's current state by its place in the tree: what is true now, as against the journal's what has happened. */
export class StateStore {
  readonly #entries = new Map<string, StateEntry>();
  readonly #texts = new Map<string, string>();
  /** What was there once: a broker may still hold it. */
  readonly #removed = new Map<string, StateEntry>();
  readonly #listeners = new Set<(entry: StateEntry) => void>();

  /** Sets or, with undefined, removes a value. Listeners hear of it only if it is another than before. */
  set(path: readonly string[], value: unknown): void {
    const key = path.join('/');
    const text = value === undefined ? undefined : JSON.stringify(value);
    if (text === this.#texts.get(key)) return;
    const entry: StateEntry = { path, value };
    if (text === undefined) {
      this.#texts.delete(key);
      this.#entries.delete(key);
      this.#remember(key, entry);
    } else {
      this.#removed.delete(key);
      this.#texts.set(key, text);
      this.#entries.set(key, entry);
    }
    for (const listener of this.#listeners) listener(entry);
  }

  get(path: readonly string[]): unknown {
    return this.#entries.get(path.join('/'))?.value;
  }

  /** Removes everything below a place. */
  removeBelow(path: readonly string[]): void {
    const prefix = `${path.join('/')}/`;
    for (const entry of [...this.#entries.values()]) {
      if (`${entry.path.join('/')}/`.startsWith(prefix)) this.set(entry.path, undefined);
    }
  }

  /** What was removed comes first, each entry without a value; then what is true now. */
  *snapshot(): Iterable<StateEntry> {
    yield* this.#removed.values();
    yield* this.#entries.values();
  }

  onChange(listener: (entry: StateEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #remember(key: string, entry: StateEntry): void {
    this.#removed.set(key, entry);
    const [oldest] = this.#removed.keys();
    if (this.#removed.size > REMEMBERED && oldest !== undefined) this.#removed.delete(oldest);
  }
}
