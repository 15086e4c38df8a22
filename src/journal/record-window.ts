import type { JournalRecord } from './journal.ts';

/** The newest records, in memory: a ring that grows up to its capacity with the first records. */
export class RecordWindow {
  readonly capacity: number;
  /** As many places as the next power of two; used one after the other, so that it grows with the first records. */
  readonly #ring: (JournalRecord | undefined)[] = [];
  readonly #mask: number;
  readonly #base: number;
  #head: number;
  /** The last sequence that is no longer here. */
  #tail: number;

  /**
   * @param capacity the most records that are kept, ≥ 1; one of a few channels takes some 300 bytes
   * @param head the sequence before the first record
   */
  constructor(capacity: number, head: number) {
    this.capacity = capacity;
    this.#mask = 2 ** Math.ceil(Math.log2(capacity)) - 1;
    this.#base = head + 1;
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
    const place = this.#place(this.#head);
    if (place === this.#ring.length) this.#ring.push(record);
    else this.#ring[place] = record;
  }

  at(sequence: number): JournalRecord | undefined {
    return sequence > this.#tail && sequence <= this.#head ? this.#ring[this.#place(sequence)] : undefined;
  }

  /** Lets go of everything up to a sequence. */
  release(upTo: number): void {
    const end = Math.min(upTo, this.#head);
    while (this.#tail < end) this.#ring[this.#place(++this.#tail)] = undefined;
  }

  /** The first records in (`after`, `upTo`] that are here, at most `limit`. */
  read(after: number, limit: number, upTo: number): JournalRecord[] {
    const records: JournalRecord[] = [];
    const first = Math.max(after, this.#tail) + 1;
    const last = Math.min(this.#head, upTo, first + limit - 1);
    for (let sequence = first; sequence <= last; sequence++) {
      const record = this.#ring[this.#place(sequence)];
      if (record) records.push(record);
    }
    return records;
  }

  /** Bits of the remainder by 2³² are those of the number. */
  #place(sequence: number): number {
    return (sequence - this.#base) & this.#mask;
  }
}
