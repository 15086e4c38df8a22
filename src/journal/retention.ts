import type Database from 'better-sqlite3';
import type { JournalLimits, Kept } from './messages.ts';
import { Timeline } from './timeline.ts';

/** Records that one step discards at most, beyond twice what has come. */
const STEP = 2000;
const LOG_BYTES = 4 * 2 ** 20;
const LOG_SHARE = 1 / 8;
/** Pages that one step cuts off the end of the file. */
const STEP_PAGES = 256;

/** How large the write-ahead log may become before what is in it goes into the file itself. */
export function logBytesOf({ maxSize }: JournalLimits): number {
  return Math.min(LOG_BYTES, Math.floor(maxSize * LOG_SHARE));
}

type Statement = Database.Statement;

/** Keeps the file within its limits, the oldest records first, a small step after each commit. */
export class Retention {
  readonly #database: Database.Database;
  readonly #pageSize: number;
  /** What was there before: only of that can the wall clock tell the age. */
  readonly #inherited: number;
  /** When the others came, by a clock that nobody sets. */
  readonly #arrivals = new Timeline();
  #tail: number;
  #cutting = false;
  readonly #nth: Statement;
  readonly #oldestTime: Statement;
  /** Of the oldest records: the first that is not too old, and the last at all. */
  readonly #young: Statement;
  readonly #discard: Statement;
  readonly #discardSummaries: Statement;
  readonly #discardGaps: Statement;

  /** @param tail the last sequence that is no longer kept @param head the last that was there before */
  constructor(database: Database.Database, tail: number, head: number) {
    this.#database = database;
    this.#tail = tail;
    this.#arrivals.add(head, performance.now());
    this.#inherited = head;
    this.#pageSize = Number(database.pragma('page_size', { simple: true }));
    this.#nth = database
      .prepare('SELECT sequence FROM records WHERE sequence > ? ORDER BY sequence LIMIT 1 OFFSET ?')
      .pluck();
    this.#oldestTime = database
      .prepare('SELECT time FROM records WHERE sequence > ? ORDER BY sequence LIMIT 1')
      .pluck();
    this.#young = database
      .prepare(
        `SELECT min(sequence) FILTER (WHERE time >= ?), max(sequence)
         FROM (SELECT sequence, time FROM records WHERE sequence > ? ORDER BY sequence LIMIT ${STEP})`,
      )
      .raw();
    this.#discard = database.prepare('DELETE FROM records WHERE sequence <= ?');
    this.#discardSummaries = database.prepare('DELETE FROM summaries WHERE last <= ?');
    // A gap that some sink has yet to pass is needed to count what it lost.
    this.#discardGaps = database.prepare(
      'DELETE FROM gaps WHERE up_to <= min(?, coalesce((SELECT min(at) FROM sinks), 9e15))',
    );
  }

  /**
   * @param now wall time, ms
   * @param came how many records have come since the last step
   * @param head the last of them
   */
  step(limits: JournalLimits, now: number, came: number, head: number): Kept {
    this.#arrivals.add(head, performance.now());
    // Twice, since the log outgrows its size by the commit that reaches it.
    const tooMuch = this.#usedBytes() > limits.maxSize - 2 * logBytesOf(limits);
    let upTo = this.#tail;
    if (tooMuch) upTo = this.#oldest(Math.max(STEP, 2 * came));
    upTo = Math.max(upTo, this.#tooOld(limits.maxAge, now));
    const more = upTo > this.#tail;
    if (more) this.#discardUpTo(upTo);
    return { tail: this.#tail, more: this.#cut(limits) || more };
  }

  /** The sequence up to which the oldest records lie, about so many of them; never the newest, whatever the limits. */
  #oldest(count: number): number {
    for (const fewer of [count, STEP / 20, 1]) {
      const sequence = this.#nth.get(this.#tail, fewer);
      if (sequence !== undefined) return Number(sequence) - 1;
    }
    return this.#tail;
  }

  #tooOld(maxAge: number, now: number): number {
    const bound = Math.round((now - maxAge) * 1000);
    const oldest = this.#oldestTime.get(this.#tail);
    if (oldest === undefined || Number(oldest) >= bound) return this.#tail;
    const [young, last] = this.#young.get(bound, this.#tail) as [number | null, number];
    // Whatever a clock says that was set since, what this process recorded is no older than it has been here.
    const arrived = this.#arrivals.before(performance.now() - maxAge) ?? this.#inherited;
    return Math.min(young === null ? last : young - 1, arrived);
  }

  #discardUpTo(upTo: number): void {
    this.#database.transaction(() => {
      this.#discard.run(upTo);
      this.#discardSummaries.run(upTo);
      this.#discardGaps.run(upTo);
    })();
    this.#tail = upTo;
    this.#arrivals.release(upTo);
  }

  #usedBytes(): number {
    return (this.#pages('page_count') - this.#pages('freelist_count')) * this.#pageSize;
  }

  #pages(pragma: 'page_count' | 'freelist_count'): number {
    return Number(this.#database.pragma(pragma, { simple: true }));
  }

  /** A file within its limit keeps its free pages for what comes. @returns whether it is still too large */
  #cut({ maxSize }: JournalLimits): boolean {
    if (this.#pages('page_count') * this.#pageSize > maxSize && this.#pages('freelist_count') > 0) {
      this.#database.pragma(`incremental_vacuum(${STEP_PAGES})`);
      this.#cutting = true;
    } else if (this.#cutting) {
      // So far it was cut in the log only.
      this.#database.pragma('wal_checkpoint(TRUNCATE)');
      this.#cutting = false;
    }
    return this.#cutting;
  }
}
