import type { Journal, JournalRecord } from './journal.ts';

export interface MemoryJournalOptions {
  /** The most records that are kept, ≥ 1. A record of a few channels takes some 300 bytes. */
  readonly capacity?: number;
}

const DEFAULT_CAPACITY = 500_000;

interface Reader {
  offset: number;
  dropped: number;
}

/**
 * The journal in memory: what a stopped process had not delivered is lost. It keeps what some sink still has to deliver,
 * at most `capacity` records; beyond that the oldest is discarded and counted for each sink that had not acknowledged it.
 */
export class MemoryJournal implements Journal {
  readonly #capacity: number;
  /** Sequence s lies at (s − 1) mod capacity; grows up to the capacity with the first records. */
  readonly #ring: (JournalRecord | undefined)[] = [];
  readonly #sinks = new Map<string, Reader>();
  #listeners: readonly (() => void)[] = [];
  #head = 0;
  /** The last sequence that is no longer kept. */
  #tail = 0;

  constructor(options: MemoryJournalOptions = {}) {
    this.#capacity = options.capacity ?? DEFAULT_CAPACITY;
  }

  get head(): number {
    return this.#head;
  }

  append(record: JournalRecord): void {
    record.sequence = ++this.#head;
    if (this.#sinks.size === 0) this.#tail = this.#head;
    else {
      if (this.#head - this.#tail > this.#capacity) this.#discardOldest();
      this.#ring[(this.#head - 1) % this.#capacity] = record;
    }
    for (const listener of this.#listeners) listener();
  }

  onAppend(listener: () => void): () => void {
    const entry = (): void => listener();
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  offset(sink: string): number {
    return this.#reader(sink).offset;
  }

  acknowledge(sink: string, sequence: number): void {
    const reader = this.#reader(sink);
    if (sequence <= reader.offset) return;
    reader.offset = Math.min(sequence, this.#head);
    this.#release();
  }

  read(after: number, limit: number): readonly JournalRecord[] {
    const records: JournalRecord[] = [];
    const first = Math.max(after, this.#tail) + 1;
    const last = Math.min(this.#head, first + limit - 1);
    for (let sequence = first; sequence <= last; sequence++) {
      const record = this.#ring[(sequence - 1) % this.#capacity];
      if (record) records.push(record);
    }
    return records;
  }

  forget(sink: string): void {
    this.#sinks.delete(sink);
    this.#release();
  }

  dropped(sink: string): number {
    return this.#reader(sink).dropped;
  }

  async close(): Promise<void> {
    this.#listeners = [];
  }

  #reader(sink: string): Reader {
    let reader = this.#sinks.get(sink);
    if (!reader) {
      reader = { offset: this.#head, dropped: 0 };
      this.#sinks.set(sink, reader);
    }
    return reader;
  }

  #discardOldest(): void {
    this.#tail++;
    this.#ring[(this.#tail - 1) % this.#capacity] = undefined;
    for (const reader of this.#sinks.values()) if (reader.offset < this.#tail) reader.dropped++;
  }

  /** Lets go of what every sink has, so that a gateway whose sinks keep up holds next to nothing. */
  #release(): void {
    let slowest = this.#head;
    for (const reader of this.#sinks.values()) slowest = Math.min(slowest, reader.offset);
    while (this.#tail < slowest) {
      this.#tail++;
      this.#ring[(this.#tail - 1) % this.#capacity] = undefined;
    }
  }
}
