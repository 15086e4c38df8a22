import { randomUUID } from 'node:crypto';
import { Listeners } from '../../base/index.ts';

const kinds = ['sent', 'received', 'discarded', 'frame', 'dropped', 'error', 'state'] as const;

/** What a line of a port's record is about. */
export type TrafficKind = (typeof kinds)[number];

export interface TrafficEntry {
  /** Grows by one with each entry of the port, from 1; a gap is what was overwritten. */
  readonly sequence: number;
  /** Whole µs since the Unix epoch. */
  readonly at: number;
  readonly kind: TrafficKind;
  /** Of `sent`, `received`, and `discarded` (it arrived within the settle time). */
  readonly bytes?: Buffer;
  /** Of `frame` the frame (latin1), of `dropped` the reason, of `error` the message, of `state` the port's state. */
  readonly text?: string;
}

const RING_BYTES = 64 * 1024;
const ENTRIES = 2_000;
/** What one entry holds: a longer chunk becomes several, a longer text is cut. */
const ENTRY_BYTES = 4 * 1024;

/** The memory of a port that has spoken; an entry's facts stand at its sequence modulo `ENTRIES`. */
class Store {
  readonly bytes = Buffer.allocUnsafeSlow(RING_BYTES);
  readonly at = new Float64Array(ENTRIES);
  readonly kind = new Uint8Array(ENTRIES);
  /** Where it begins, counted in all bytes that there ever were. */
  readonly start = new Float64Array(ENTRIES);
  readonly length = new Uint16Array(ENTRIES);
}

/**
 * What lately went over a port, always recorded: when something is wrong it has happened already. The newest 2,000
 * entries, or fewer once they take more than 64 KiB. Nothing is allocated before the first, and nothing per entry.
 */
export class Traffic {
  /** Another one for each, whose sequences begin anew. */
  readonly id = randomUUID();
  readonly #added = new Listeners<[entry: TrafficEntry]>();
  #listening = 0;
  #store: Store | undefined;
  #newest = 0;
  #oldest = 1;
  /** Bytes that there ever were, with those left free at the ring's end: no entry is broken in two by it. */
  #written = 0;

  /** The sequence of the newest entry; 0 while there is none. */
  get newest(): number {
    return this.#newest;
  }

  sent(bytes: Uint8Array, at: number): void {
    this.#addBytes('sent', bytes, at);
  }

  received(bytes: Buffer, at: number): void {
    this.#addBytes('received', bytes, at);
  }

  discarded(bytes: Buffer, at: number): void {
    this.#addBytes('discarded', bytes, at);
  }

  note(kind: 'frame' | 'dropped' | 'error' | 'state', text: string, at: number): void {
    const encoding = encodingOf(kind);
    const length = Math.min(Buffer.byteLength(text, encoding), ENTRY_BYTES);
    const store = this.#begin(kind, length, at);
    // A character that the limit would cut in two is left out, so it may be less.
    this.#end(store, store.bytes.write(text, this.#written % RING_BYTES, length, encoding));
  }

  /**
   * What is there with a greater sequence, in order; each entry is looked for when it is asked for, so that one that was
   * overwritten meanwhile is missing.
   */
  *since(sequence: number): IterableIterator<TrafficEntry> {
    let next = sequence + 1;
    for (;;) {
      next = Math.max(next, this.#oldest);
      if (!this.#store || next > this.#newest) return;
      yield entryOf(this.#store, next++);
    }
  }

  /** Tells each entry from now on. Returns a function that ends it. */
  onEntry(listener: (entry: TrafficEntry) => void): () => void {
    const end = this.#added.add(listener);
    this.#listening++;
    let ended = false;
    return () => {
      if (!ended) this.#listening--;
      ended = true;
      end();
    };
  }

  #addBytes(kind: 'sent' | 'received' | 'discarded', all: Uint8Array, at: number): void {
    let offset = 0;
    do {
      const part = all.length <= ENTRY_BYTES ? all : all.subarray(offset, offset + ENTRY_BYTES);
      const store = this.#begin(kind, part.length, at);
      store.bytes.set(part, this.#written % RING_BYTES);
      this.#end(store, part.length);
      offset += part.length;
    } while (offset < all.length);
  }

  /** Makes room for an entry at `#written`, and forgets what was there. */
  #begin(kind: TrafficKind, length: number, at: number): Store {
    this.#store ??= new Store();
    const store = this.#store;
    const rest = RING_BYTES - (this.#written % RING_BYTES);
    if (length > rest) this.#written += rest;
    const sequence = this.#newest + 1;
    const lost = this.#written + length - RING_BYTES;
    while (
      this.#oldest < sequence &&
      (sequence - this.#oldest >= ENTRIES || (store.start[this.#oldest % ENTRIES] ?? 0) < lost)
    )
      this.#oldest++;
    const slot = sequence % ENTRIES;
    store.start[slot] = this.#written;
    store.at[slot] = at;
    store.kind[slot] = kinds.indexOf(kind);
    return store;
  }

  #end(store: Store, length: number): void {
    this.#newest++;
    store.length[this.#newest % ENTRIES] = length;
    this.#written += length;
    if (this.#listening > 0) this.#added.tell(entryOf(store, this.#newest));
  }
}

function entryOf(store: Store, sequence: number): TrafficEntry {
  const slot = sequence % ENTRIES;
  const kind = kinds[store.kind[slot] ?? 0] ?? 'state';
  const start = (store.start[slot] ?? 0) % RING_BYTES;
  const bytes = store.bytes.subarray(start, start + (store.length[slot] ?? 0));
  const common = { sequence, at: store.at[slot] ?? 0, kind };
  if (kind === 'sent' || kind === 'received' || kind === 'discarded') return { ...common, bytes: Buffer.from(bytes) };
  return { ...common, text: bytes.toString(encodingOf(kind)) };
}

/** A frame is bytes as text; the others are words for people. */
function encodingOf(kind: TrafficKind): 'latin1' | 'utf8' {
  return kind === 'frame' ? 'latin1' : 'utf8';
}
