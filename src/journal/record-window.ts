import type { JournalRecord } from './journal.ts';

/** The newest records, in memory: a ring that grows up to its capacity with the first records. */
export class RecordWindow {
  readonly capacity: number;
  /** Sequence s lies at s mod capacity. */
  readonly #ring: (JournalRecord | undefined)[] = [];
  #head: number;
  /** The last sequence that is no longer here. */
  #tail: number;

  /**
   * @param capacity the most records that are kept, ≥ 1; one of a few channels takes some 300 bytes
   * @param head the sequence before the first record
   */
  constructor(capacity: number, head: number) {
    this.capacity = capacity;
    this.#head = head;
    this.#tail = head;
  }

  get head(): number {
    return this.#head;
  }

  /** Everything behind this sequence is here. */
  get tail(): number {
    return this.#tail;
  }

  get full(): boolean {
    return this.#head - this.#tail >= this.capacity;
  }

  /** Takes the next record and gives it its sequence; the window must not be full. */
  push(record: JournalRecord): void {
    record.sequence = ++this.#head;
    const at = this.#head % this.capacity;
    // A hole in an array makes it slow for ever.
    while (this.#ring.length < at) this.#ring.push(undefined);
    this.#ring[at] = record;
  }

  at(sequence: number): JournalRecord | undefined {
    return sequence > this.#tail && sequence <= this.#head ? this.#ring[sequence % this.capacity] : undefined;
  }

  /** Lets go of everything up to a sequence. */
  release(upTo: number): void {
    const end = Math.min(upTo, this.#head);
    while (this.#tail < end) this.#ring[++this.#tail % this.capacity] = undefined;
  }

  /** The first records in (`after`, `upTo`] that are here, at most `limit`. */
  read(after: number, limit: number, upTo: number): JournalRecord[] {
    const records: JournalRecord[] = [];
    const first = Math.max(after, this.#tail) + 1;
    const last = Math.min(this.#head, upTo, first + limit - 1);
    for (let sequence = first; sequence <= last; sequence++) {
      const record = this.#ring[sequence % this.capacity];
      if (record) records.push(record);
    }
    return records;
  }
}
