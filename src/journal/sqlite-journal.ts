import { type Clock, LabwireError, Listeners, type Logger, type Timer, toError } from '../base/index.ts';
import type { Sample } from '../instrument/index.ts';
import type { EventPage, EventQuery } from './events.ts';
import { FileFailure, isDamageCode } from './file-failure.ts';
import type { History, HistoryQuery } from './history.ts';
import type { Journal, JournalRecord, JournalState, RangeQuery } from './journal.ts';
import { JournalAlarm } from './journal-alarm.ts';
import { JournalBacklog } from './journal-backlog.ts';
import { JournalQueries } from './journal-queries.ts';
import { JournalWriter } from './journal-writer.ts';
import type { Committed, JournalLimits, Opened } from './messages.ts';
import { RecordEncoder } from './record-codec.ts';
import { RecordWindow } from './record-window.ts';
import { SinkBooks } from './sink-books.ts';
import { Timeline } from './timeline.ts';

export interface SqliteJournalOptions extends JournalLimits {
  /** Its folder is made where it is missing. Beside it lie `-wal`, `-shm` and `.lock`. */
  readonly path: string;
  /** Records in memory at most, also while the disk takes none; default 131,072, which is some 30 MB. */
  readonly window?: number;
  /** How long `open()` waits for the disk before it goes on without, ms; default 3000. */
  readonly openLimit?: number;
}

export interface JournalParts {
  readonly clock: Clock;
  readonly log: Logger;
}

/** From one commit to the next, and so the longest that a record waits for its commit, unless the disk is slow. */
const COMMIT_MS = 50;
/** Records of one commit at most. */
const LARGEST_COMMIT = 16_384;
const DEFAULT_WINDOW = 131_072;
/** Of what is committed: the records that stay in memory for sinks that are a little behind. */
const KEPT_SHARE = 1 / 8;
/** Of the window: how much is let go of at a time, when it is full. */
const LOST_SHARE = 1 / 64;
/** A disk that takes longer for a commit is an alarm. */
const SLOW_MS = 5000;
const DEFAULT_OPEN_LIMIT_MS = 3000;
const CLOSE_LIMIT_MS = 1000;
/** How often it is looked whether records have become too old, and whether the file is still there. */
const IDLE_MS = 30_000;

/**
 * Where sequences begin that may not be those of a file that could not be read: beyond any that 128 records in each
 * millisecond since this time can have reached.
 */
const FLOOR_EPOCH_MS = Date.UTC(2024, 0);
const FLOOR_PER_MS = 128;

/**
 * The journal on disk: a SQLite file that a thread of its own writes, at most some 50 ms behind. What is committed outlives
 * the process, however it ends; a power cut may cost what SQLite had not yet synced, some seconds at full rate.
 *
 * A disk that fails stops nothing: records are then kept in memory, the oldest of too many are let go of and counted, the state
 * says `degraded`, and the disk is tried again. A damaged file is set aside and another begun, with what memory holds.
 */
export class SqliteJournal implements Journal {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #openLimit: number;
  readonly #books = new SinkBooks();
  readonly #timeline = new Timeline();
  readonly #alarm: JournalAlarm;
  readonly #writer: JournalWriter;
  readonly #backlog: JournalBacklog;
  readonly #queries: JournalQueries;
  #limits: JournalLimits;
  /** Those that the latest commit had. */
  #limitsApplied: JournalLimits;
  #listeners: readonly (() => void)[] = [];
  readonly #rewinds = new Listeners<[]>();
  #window: RecordWindow;
  #begun = false;
  /** The head when this process began. */
  #start = 0;
  #committed = 0;
  #encoder = new RecordEncoder();
  #fileId: string | undefined;
  /** The next commit. */
  #next: Timer | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;
  /** The commit that is under way. */
  #committing: Promise<void> | undefined;
  /** The file holds more than its limits, and is brought back step by step. */
  #more = false;
  #idle: Timer | undefined;
  #closed = false;

  constructor(options: SqliteJournalOptions, { clock, log }: JournalParts) {
    const { path, window = DEFAULT_WINDOW, openLimit = DEFAULT_OPEN_LIMIT_MS, ...limits } = options;
    this.#path = path;
    this.#openLimit = openLimit;
    this.#limits = limits;
    this.#limitsApplied = limits;
    this.#clock = clock;
    this.#log = log;
    this.#window = new RecordWindow(window, 0);
    this.#alarm = new JournalAlarm(path, clock, log, (event) => this.append(event));
    this.#writer = new JournalWriter(path, clock, {
      request: () => ({
        limits: this.#limits,
        // What takes the place of a damaged file goes on with what memory holds.
        floor: this.#begun ? this.#window.tail : this.#floor(),
        ...(this.#fileId !== undefined && { known: { id: this.#fileId, committed: this.#committed } }),
      }),
      opened: (opened) => this.#adopt(opened),
      failed: (failure) => this.#failed(failure),
    });
    this.#backlog = new JournalBacklog(path, clock, {
      damaged: () => this.#alarm.damaged(),
      failed: (failure) => {
        if (isDamageCode(failure.code)) this.#writer.fail(failure);
      },
    });
    // What somebody looks at must not take the file from those who still need it.
    this.#queries = new JournalQueries(path, clock, (failure) => {
      if (isDamageCode(failure.code)) this.#alarm.damaged();
    });
  }

  async open(): Promise<void> {
    let waiting = true;
    let busy: FileFailure | undefined;
    const opening = this.#writer.open((failure) => {
      if (!waiting || failure.code !== 'BUSY') return false;
      busy = failure;
      return true;
    });
    await this.#within(this.#openLimit, opening);
    waiting = false;
    if (busy) {
      await this.close();
      const message = `The journal ${this.#path} is in use: ${busy.message}; stop the other labwire, or give this one a journal.path of its own`;
      throw new LabwireError('JOURNAL_BUSY', message, { cause: busy });
    }
    if (!this.#begun) this.#alarm.degraded(`the disk has not opened it within ${this.#openLimit / 1000} s`);
  }

  get head(): number {
    return this.#window.head;
  }

  get committed(): number {
    return this.#committed;
  }

  get state(): JournalState {
    return this.#alarm.state;
  }

  onState(listener: (state: JournalState) => void): () => void {
    return this.#alarm.onState(listener);
  }

  onRewind(listener: () => void): () => void {
    return this.#rewinds.add(listener);
  }

  append(record: JournalRecord): void {
    if (!this.#begun) this.#begin(this.#floor());
    if (this.#window.full) this.#makeRoom();
    this.#window.push(record);
    if (!this.#next) this.#schedule();
    for (const listener of this.#listeners) listener();
  }

  onAppend(listener: () => void): () => void {
    const entry = (): void => listener();
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  sinks(): readonly string[] {
    return this.#books.names;
  }

  offset(sink: string): number {
    return Math.min(this.delivered(sink), this.#committed);
  }

  delivered(sink: string): number {
    const { upTo } = this.#books.delivered(sink, this.head);
    // A sink that is new has to be written down.
    if (this.#books.changed) this.#schedule();
    return upTo;
  }

  acknowledge(sink: string, upTo: number, after = 0): void {
    this.#books.acknowledge(sink, after, upTo, this.head);
    if (!this.#next) this.#schedule();
  }

  read(after: number, limit: number, upTo = this.head): readonly JournalRecord[] | Promise<readonly JournalRecord[]> {
    if (after >= Math.min(this.#window.tail, this.#committed)) return this.#window.read(after, limit, upTo);
    return this.#readFile(after, limit, upTo);
  }

  range(query: RangeQuery): AsyncIterable<Sample> {
    return this.#backlog.range(query, this.#committing);
  }

  history(query: HistoryQuery, signal?: AbortSignal): Promise<History> {
    return this.#queries.ask<History>({ kind: 'history', query }, signal);
  }

  events(query: EventQuery, signal?: AbortSignal): Promise<EventPage> {
    return this.#queries.ask<EventPage>({ kind: 'events', query }, signal);
  }

  lag(sink: string): number {
    return this.#books.lag(sink, this.head);
  }

  oldest(sink: string): number | undefined {
    if (this.lag(sink) === 0) return undefined;
    const next = this.#books.delivered(sink, this.head).upTo + 1;
    const { tail } = this.#window;
    // Sequences have gaps on disk, none in memory.
    const onDisk = next <= tail && this.#books.lag(sink, tail) > 0;
    return onDisk ? this.#timeline.at(next) : this.#window.at(Math.max(next, tail + 1))?.time;
  }

  dropped(sink: string): number {
    return this.#books.dropped(sink, this.head);
  }

  forget(sink: string): void {
    this.#books.forget(sink);
    this.#schedule();
  }

  /** What is beyond other limits is discarded from the next commit on. */
  limit(limits: JournalLimits): void {
    this.#limits = limits;
    this.#schedule();
  }

  async close(limitMs = CLOSE_LIMIT_MS): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#next?.cancel();
    this.#idle?.cancel();
    this.#listeners = [];
    const end = this.#clock.monotonic() + limitMs;
    await this.#within(limitMs, this.#finish());
    if (this.#committed < this.head)
      this.#log.error(`${this.head - this.#committed} records of the journal did not reach the disk`);
    const ended = Promise.all([this.#writer.end(), this.#backlog.close(), this.#queries.close()]);
    await this.#within(Math.max(0, end - this.#clock.monotonic()), ended);
  }

  async #finish(): Promise<void> {
    await this.#writer.settle();
    while (this.#writer.ready && (this.#committed < this.head || this.#books.changed)) await this.#commit();
    await this.#backlog.close();
    await this.#writer.close(this.head);
  }

  #begin(head: number): void {
    this.#begun = true;
    this.#start = head;
    this.#committed = head;
    this.#window = new RecordWindow(this.#window.capacity, head);
  }

  #floor(): number {
    return Math.max(0, Math.round((this.#clock.now() / 1000 - FLOOR_EPOCH_MS) * FLOOR_PER_MS));
  }

  #adopt(opened: Opened): void {
    const { id, head, tail, sinks, gaps, marks, aside } = opened;
    let rewound = false;
    if (!this.#begun) {
      this.#begin(head);
      this.#books.adopt(sinks, gaps, head);
      this.#alarm.losing(this.#books.discardUpTo(tail));
      for (const [sequence, time] of marks.toSorted(([a], [b]) => a - b)) this.#timeline.add(sequence, time);
    } else if (id === this.#fileId) this.#committed = Math.max(this.#committed, Math.min(head, this.head));
    else rewound = this.#goOver(opened);
    this.#fileId = id;
    this.#encoder = new RecordEncoder();
    if (aside !== undefined) this.#alarm.setAside(aside);
    this.#schedule();
    this.#watchIdle();
    if (rewound) this.#rewinds.tell();
  }

  /**
   * Another file than before, or one that could not be read before: what memory holds goes into it.
   *
   * @returns whether what a sink had delivered moved back
   */
  #goOver({ head, sinks, gaps }: Opened): boolean {
    const { tail } = this.#window;
    if (head > tail) {
      const what = 'it is another journal than before, whose records have later numbers; a restart goes on with it';
      throw new FileFailure('FOREIGN', what);
    }
    // What was only in the file before is gone with it.
    if (this.#fileId !== undefined) this.#alarm.losing(this.#books.discardUpTo(tail));
    const rewound = this.#books.adopt(sinks, [...gaps, ...(head > 0 ? [[head, tail] as const] : [])], this.#start);
    this.#books.renew();
    this.#committed = tail;
    return rewound;
  }

  #failed(failure: FileFailure): void {
    this.#idle?.cancel();
    this.#books.renew();
    void this.#backlog.close();
    void this.#queries.close();
    this.#alarm.degraded(failure.message);
  }

  /** @param unhurried how long to wait where no commit was made lately, ms */
  #schedule(unhurried = COMMIT_MS): void {
    if (this.#next || this.#committing || !this.#writer.ready || this.#closed) return;
    const wait = this.#nextAt - this.#clock.monotonic();
    this.#next = this.#clock.setTimer(() => void this.#commit(), wait > 0 ? wait : unhurried);
  }

  /** Never rejects. */
  #commit(): Promise<void> {
    this.#next?.cancel();
    this.#next = undefined;
    this.#committing ??= this.#send().finally(() => {
      this.#committing = undefined;
      // What has come during a slow commit has waited long enough.
      const limited = this.#limits !== this.#limitsApplied;
      if (this.#more || limited || this.#committed < this.head || this.#books.changed) this.#schedule(0);
    });
    return this.#committing;
  }

  async #send(): Promise<void> {
    this.#nextAt = this.#clock.monotonic() + COMMIT_MS;
    const after = Math.max(this.#committed, this.#window.tail);
    const records = this.#window.read(after, LARGEST_COMMIT, this.head);
    const last = after + records.length;
    const { sinks, forgotten } = this.#books.take(last);
    this.#limitsApplied = this.#limits;
    const slow = this.#clock.setTimer(
      () => this.#alarm.degraded(`the disk has taken nothing for ${SLOW_MS / 1000} s`),
      SLOW_MS,
    );
    try {
      const committed = await this.#writer.commit({
        kind: 'commit',
        first: after + 1,
        count: records.length,
        ...this.#encoder.encode(records),
        sinks,
        forgotten,
        head: this.head,
        limits: this.#limits,
        now: this.#clock.now() / 1000,
      });
      this.#done(last, records[0], committed);
    } catch (error) {
      this.#books.renew(forgotten);
      // Of what befell the file the writer has told, and opens it anew.
      if (!(error instanceof FileFailure)) this.#alarm.degraded(toError(error).message);
    } finally {
      slow.cancel();
    }
  }

  #done(last: number, first: JournalRecord | undefined, { tail, more, damaged }: Committed): void {
    this.#committed = Math.max(this.#committed, last);
    this.#more = more;
    if (first) this.#timeline.add(first.sequence, first.time);
    this.#alarm.losing(this.#books.discardUpTo(tail));
    this.#timeline.release(tail);
    this.#release();
    this.#alarm.recovered();
    if (damaged) this.#alarm.damaged();
  }

  /** Memory keeps what no disk has, and of the rest what some sink will soon want. */
  #release(): void {
    const kept = Math.floor(this.#window.capacity * KEPT_SHARE);
    this.#window.release(Math.min(this.#committed, Math.max(this.#books.slowest(this.head), this.head - kept)));
  }

  #makeRoom(): void {
    this.#release();
    if (!this.#window.full) return;
    const from = Math.max(this.#committed, this.#window.tail);
    const upTo = this.#window.tail + Math.ceil(this.#window.capacity * LOST_SHARE);
    this.#window.release(upTo);
    this.#alarm.losing(this.#books.lose(from, upTo));
  }

  async #readFile(after: number, limit: number, upTo: number): Promise<readonly JournalRecord[]> {
    // What is committed meanwhile may leave memory before the disk has answered: it was not looked for there.
    const end = Math.min(upTo, this.#committed);
    const records = await this.#backlog.read(after, limit, end);
    return records.length > 0 || end === upTo ? records : this.read(end, limit, upTo);
  }

  #watchIdle(): void {
    // The disk may open it only during the close.
    if (this.#closed) return;
    this.#idle?.cancel();
    this.#idle = this.#clock.setTimer(() => {
      this.#schedule();
      this.#watchIdle();
    }, IDLE_MS);
  }

  /** Waits for work that never rejects, but no longer than the limit. */
  #within(limitMs: number, work: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(resolve, limitMs);
      void work.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}
