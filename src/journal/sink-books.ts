import { Delivered } from './delivered.ts';
import { Gaps } from './gaps.ts';
import type { GapRow, SinkRow } from './messages.ts';

interface Book {
  delivered: Delivered;
  dropped: number;
  /** Records are being discarded before the sink has them; ends when it has caught up. */
  losing: boolean;
  /** Differs from what the file has. */
  changed: boolean;
}

/** How far each sink is, and what was discarded before it had it. */
export class SinkBooks {
  readonly #books = new Map<string, Book>();
  readonly #forgotten = new Set<string>();
  readonly #gaps = new Gaps();
  #tail = 0;

  get names(): readonly string[] {
    return [...this.#books.keys()];
  }

  /** A new sink stands at the head. */
  delivered(name: string, head: number): Delivered {
    return this.#book(name, head).delivered;
  }

  acknowledge(name: string, after: number, upTo: number, head: number): void {
    const book = this.#book(name, head);
    book.delivered.add(after, Math.min(upTo, head));
    if (book.delivered.upTo >= head) book.losing = false;
    book.changed = true;
  }

  dropped(name: string, head: number): number {
    return this.#book(name, head).dropped;
  }

  /** How many records up to the head a sink has not. */
  lag(name: string, head: number): number {
    const { delivered } = this.#book(name, head);
    return this.#missing(delivered, this.#tail, head);
  }

  forget(name: string): void {
    if (this.#books.delete(name)) this.#forgotten.add(name);
  }

  /** The sequence up to which every sink has all; the head where there is no sink. */
  slowest(head: number): number {
    let slowest = head;
    for (const { delivered } of this.#books.values()) slowest = Math.min(slowest, delivered.upTo);
    return slowest;
  }

  addGap(after: number, upTo: number): void {
    this.#gaps.add(after, upTo);
  }

  /**
   * Records that reached no disk were let go of; what lies before them may still be there.
   *
   * @returns the sinks that have just begun to lose, with how many records
   */
  lose(after: number, upTo: number): [name: string, count: number][] {
    this.#gaps.add(after, upTo);
    return this.#losing((delivered) => delivered.missing(after, upTo));
  }

  /**
   * Records up to the tail cannot be had any more.
   *
   * @returns the sinks that have just begun to lose, with how many records
   */
  discardUpTo(tail: number): [name: string, count: number][] {
    const losers = this.#losing((delivered) => {
      const missing = this.#missing(delivered, delivered.upTo, tail);
      delivered.pass(tail);
      return missing;
    });
    if (tail > this.#tail) this.#tail = tail;
    this.#gaps.release(tail);
    return losers;
  }

  /**
   * Takes what a file says. A sink that has already begun here had nothing of what the file has for it.
   *
   * @param start where this process began
   * @returns whether what a sink had delivered moved back
   */
  adopt(rows: readonly SinkRow[], gaps: readonly GapRow[], start: number): boolean {
    let rewound = false;
    this.#gaps.release(Number.POSITIVE_INFINITY);
    for (const [after, upTo] of gaps) this.#gaps.add(after, upTo);
    for (const [name, offset, dropped] of rows) {
      const book = this.#books.get(name);
      const delivered = new Delivered(offset);
      if (book) delivered.addBeyond(start, book.delivered);
      if (book && delivered.upTo < book.delivered.upTo) rewound = true;
      this.#books.set(name, { delivered, dropped: dropped + (book?.dropped ?? 0), losing: false, changed: true });
    }
    return rewound;
  }

  /** Everything has to be written again. @param forgotten what `take` had given of this */
  renew(forgotten: readonly string[] = []): void {
    for (const book of this.#books.values()) book.changed = true;
    for (const name of forgotten) this.#forgotten.add(name);
  }

  /** What has to be written, and is taken for written from now on. @param committed no offset may pass it */
  take(committed: number): { sinks: SinkRow[]; forgotten: string[] } {
    const sinks: SinkRow[] = [];
    for (const [name, book] of this.#books) {
      if (!book.changed) continue;
      const { upTo } = book.delivered;
      sinks.push([name, Math.min(upTo, committed), book.dropped]);
      book.changed = upTo > committed;
    }
    const forgotten = [...this.#forgotten].filter((name) => !this.#books.has(name));
    this.#forgotten.clear();
    return { sinks, forgotten };
  }

  /** Whether there is anything to write. */
  get changed(): boolean {
    for (const { changed } of this.#books.values()) if (changed) return true;
    return this.#forgotten.size > 0;
  }

  /** How many records in (after, upTo] a sink has not. */
  #missing(delivered: Delivered, after: number, upTo: number): number {
    // What was let go of after a sink had it live is a gap, but none that it misses.
    const inGaps = this.#gaps.within(after, upTo, (from, to) => delivered.missing(from, to));
    return delivered.missing(after, upTo) - inGaps;
  }

  #losing(count: (delivered: Delivered) => number): [string, number][] {
    const losers: [string, number][] = [];
    for (const [name, book] of this.#books) {
      const missing = count(book.delivered);
      if (missing <= 0) continue;
      book.dropped += missing;
      book.changed = true;
      if (!book.losing) losers.push([name, missing]);
      book.losing = true;
    }
    return losers;
  }

  #book(name: string, head: number): Book {
    let book = this.#books.get(name);
    if (!book) {
      book = { delivered: new Delivered(head), dropped: 0, losing: false, changed: true };
      this.#books.set(name, book);
    }
    return book;
  }
}
