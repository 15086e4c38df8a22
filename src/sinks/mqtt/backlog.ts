import { type Clock, type Timer, toError } from '../../base/index.ts';
import type { Journal, JournalRecord } from '../../journal/index.ts';

export interface BacklogParts {
  readonly name: string;
  readonly journal: Journal;
  readonly clock: Clock;
  /** There is something to take now, or the end is reached. */
  readonly ready: () => void;
  /** The disk could not be read; it is tried again. */
  readonly failed: (error: Error) => void;
}

const BATCH = 1000;
const RETRY_MS = 1000;

/** What lies behind in the journal, read in bounded batches, one ahead of what is being published. */
export class Backlog {
  readonly #parts: BacklogParts;
  /** Where it began: what lies before was delivered then, and may be found not to be by a journal that comes late. */
  readonly after: number;
  #queue: readonly JournalRecord[] = [];
  #at = 0;
  #ahead: readonly JournalRecord[] | undefined;
  /** Everything up to here is read. */
  #cursor: number;
  #upTo = 0;
  #reading = false;
  #retry: Timer | undefined;
  #closed = false;

  constructor(parts: BacklogParts) {
    this.#parts = parts;
    this.after = parts.journal.delivered(parts.name);
    this.#cursor = this.after;
  }

  /** The end of it. */
  get upTo(): number {
    return this.#upTo;
  }

  /** Everything has been taken. */
  get taken(): boolean {
    return this.#at >= this.#queue.length && this.#ahead === undefined && this.#cursor >= this.#upTo;
  }

  /** Everything up to here is backlog too. */
  extend(upTo: number): void {
    this.#upTo = upTo;
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
  }

  /** The next record; undefined while it is being read, and at the end. */
  next(): JournalRecord | undefined {
    const delivered = this.#parts.journal.delivered(this.#parts.name);
    for (;;) {
      while (this.#at < this.#queue.length) {
        const record = this.#queue[this.#at++];
        // What an earlier connection delivered of what was then live is passed over.
        if (record && record.sequence > delivered) return record;
      }
      if (this.#ahead === undefined) {
        this.#read();
        if (this.#ahead === undefined) return undefined;
      }
      this.#queue = this.#ahead;
      this.#at = 0;
      this.#ahead = undefined;
      this.#read();
    }
  }

  #read(): void {
    const { journal, name } = this.#parts;
    if (this.#reading || this.#retry || this.#closed) return;
    this.#cursor = Math.max(this.#cursor, journal.delivered(name));
    if (this.#cursor >= this.#upTo) return;
    const upTo = this.#upTo;
    const records = journal.read(this.#cursor, BATCH, upTo);
    if (!(records instanceof Promise)) {
      this.#take(records, upTo);
      return;
    }
    this.#reading = true;
    void records.then(
      (read) => {
        this.#reading = false;
        if (this.#closed) return;
        this.#take(read, upTo);
        this.#parts.ready();
      },
      (error) => {
        this.#reading = false;
        if (this.#closed) return;
        this.#parts.failed(toError(error));
        this.#retry = this.#parts.clock.setTimer(() => {
          this.#retry = undefined;
          this.#parts.ready();
        }, RETRY_MS);
      },
    );
  }

  #take(records: readonly JournalRecord[], upTo: number): void {
    const last = records.at(-1);
    this.#cursor = last ? last.sequence : upTo;
    if (last) this.#ahead = records;
  }
}
