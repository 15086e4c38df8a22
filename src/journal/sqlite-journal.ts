import { type Clock, geometricDelay, LabwireError, Listeners, type Logger, type Timer } from '../base/index.ts';
import type { Sample } from '../instrument/index.ts';
import { FileFailure, isDamageCode } from './file-failure.ts';
import { FileThread } from './file-thread.ts';
import type { EventRecord, Journal, JournalRecord, JournalState, RangeQuery, Severity } from './journal.ts';
import { JournalBacklog } from './journal-backlog.ts';
import type { Committed, JournalLimits, Opened, WriterRequest } from './messages.ts';
import { RecordEncoder } from './record-codec.ts';
import { RecordWindow } from './record-window.ts';
import { SinkBooks } from './sink-books.ts';
import { Timeline } from './timeline.ts';

export interface SqliteJournalOptions extends JournalLimits {
  /** Its folder is made where it is missing. Beside it lie `-wal`, `-shm` and `.lock`. */
  readonly path: string;
  /** Records in memory at most, also while the disk takes none; default 131,072, which is some 30 MB. */
  readonly window?: number;
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
const KEPT_SHARE = 0.5;
/** Of the window: how much is let go of at a time, when it is full. */
const LOST_SHARE = 1 / 64;
/** A disk that takes longer for a commit is an alarm. */
const SLOW_MS = 5000;
const OPEN_LIMIT_MS = 3000;
const CLOSE_LIMIT_MS = 1000;
/** How often it is looked whether records have become too old, and whether the file is still there. */
const IDLE_MS = 30_000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
const RETRY_STEPS = 5;

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
  readonly #options: SqliteJournalOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #books = new SinkBooks();
  readonly #timeline = new Timeline();
  readonly #backlog: JournalBacklog;
  readonly #stateListeners = new Listeners<[JournalState]>();
  #limits: JournalLimits;
  #appendListeners: readonly (() => void)[] = [];
  #window: RecordWindow;
  #begun = false;
  /** The head when this process began. */
  #start = 0;
  #committed = 0;
  #encoder = new RecordEncoder();
  #writer: FileThread<WriterRequest> | undefined;
  #fileId: string | undefined;
  #setAside = false;
  #damageTold = false;
  #attempts = 0;
  /** The attempt to open the file that is under way. */
  #opening: Promise<void> | undefined;
  #retry: Timer | undefined;
  /** The next commit. */
  #next: Timer | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;
  /** The commit that is under way. */
  #committing: Promise<void> | undefined;
  /** The file holds more than its limits, and is brought back step by step. */
  #more = false;
  #idle: Timer | undefined;
  /** Nothing more is to be begun. */
  #closed = false;
  /** Nothing is waited for any more. */
  #ended = false;
  #state: JournalState = { state: 'ok' };

  constructor(options: SqliteJournalOptions, { clock, log }: JournalParts) {
    this.#options = options;
    this.#limits = options;
    this.#clock = clock;
    this.#log = log;
    this.#window = new RecordWindow(options.window ?? DEFAULT_WINDOW, 0);
    this.#backlog = new JournalBacklog(options.path, clock, {
      damaged: () => this.#foundDamage(),
      failed: (failure) => {
        if (isDamageCode(failure.code)) this.#fail(failure);
      },
    });
  }

  async open(): Promise<void> {
    let waiting = true;
    let busy: FileFailure | undefined;
    const opening = this.#attempt((failure) => {
      if (waiting && failure.code === 'BUSY') busy = failure;
      else this.#fail(failure);
    });
    await this.#within(OPEN_LIMIT_MS, opening);
    waiting = false;
    if (busy) {
      await this.close();
      const message = `The journal ${this.#options.path} is in use: ${busy.message}; stop the other labwire, or give this one a journal.path of its own`;
      throw new LabwireError('JOURNAL_BUSY', message, { cause: busy });
    }
    if (!this.#begun) this.#degrade(`the disk has not opened it within ${OPEN_LIMIT_MS / 1000} s`);
  }

  get head(): number {
    return this.#window.head;
  }

  get committed(): number {
    return this.#committed;
  }

  get state(): JournalState {
    return this.#state;
  }

  onState(listener: (state: JournalState) => void): () => void {
    return this.#stateListeners.add(listener);
  }

  append(record: JournalRecord): void {
    if (!this.#begun) this.#begin(this.#floor());
    if (this.#window.full) this.#makeRoom();
    this.#window.push(record);
    if (!this.#next) this.#schedule();
    for (const listener of this.#appendListeners) listener();
  }

  onAppend(listener: () => void): () => void {
    const entry = (): void => listener();
    this.#appendListeners = [...this.#appendListeners, entry];
    return () => {
      this.#appendListeners = this.#appendListeners.filter((other) => other !== entry);
    };
  }

  offset(sink: string): number {
    return Math.min(this.delivered(sink), this.#committed);
  }

  delivered(sink: string): number {
    const { upTo } = this.#books.delivered(sink, this.head);
    this.#schedule();
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

  sinks(): readonly string[] {
    return this.#books.names;
  }

  forget(sink: string): void {
    this.#books.forget(sink);
    this.#schedule();
  }

  dropped(sink: string): number {
    return this.#books.dropped(sink, this.head);
  }

  /** What is beyond other limits is discarded from the next commit on. */
  limit(limits: JournalLimits): void {
    this.#limits = limits;
    this.#schedule();
  }

  async close(limitMs = CLOSE_LIMIT_MS): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#retry?.cancel();
    this.#next?.cancel();
    this.#idle?.cancel();
    this.#appendListeners = [];
    const end = this.#clock.monotonic() + limitMs;
    await this.#within(limitMs, this.#finish());
    this.#ended = true;
    const writer = this.#writer;
    this.#writer = undefined;
    if (this.#committed < this.head)
      this.#log.error(`${this.head - this.#committed} records of the journal did not reach the disk`);
    await this.#within(Math.max(0, end - this.#clock.monotonic()), Promise.all([writer?.end(), this.#backlog.close()]));
  }

  async #finish(): Promise<void> {
    await this.#opening;
    while (this.#writer && (this.#committed < this.head || this.#books.changed)) await this.#commit();
    await this.#backlog.close();
    // What this refuses, the next opening finds: it then takes the end for a crash.
    await this.#writer?.ask({ kind: 'close', head: this.head }).catch(() => {});
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

  #attempt(failed: (failure: FileFailure) => void = (failure) => this.#fail(failure)): Promise<void> {
    this.#opening = this.#openFile()
      .finally(() => {
        this.#opening = undefined;
      })
      .catch(failed);
    return this.#opening;
  }

  async #openFile(): Promise<void> {
    const { path } = this.#options;
    const writer = new FileThread<WriterRequest>('writer', path);
    try {
      const opened = await writer.ask<Opened>({
        kind: 'open',
        path,
        limits: this.#limits,
        floor: this.#floor(),
        setAside: this.#setAside,
        ...(this.#fileId !== undefined && { known: { id: this.#fileId, committed: this.#committed } }),
      });
      if (this.#ended) throw new FileFailure('CLOSED', 'the journal was closed meanwhile');
      this.#adopt(opened);
      this.#writer = writer;
    } catch (error) {
      await writer.end();
      throw error;
    }
    this.#setAside = false;
    this.#schedule();
    this.#watchIdle();
  }

  #adopt(opened: Opened): void {
    const { id, head, tail, sinks, gaps, marks, aside } = opened;
    if (!this.#begun) {
      this.#begin(head);
      this.#books.adopt(sinks, gaps, head);
      this.#tellLosers(this.#books.discardUpTo(tail));
      for (const [sequence, time] of marks.toSorted(([a], [b]) => a - b)) this.#timeline.add(sequence, time);
    } else if (id === this.#fileId) this.#committed = Math.max(this.#committed, Math.min(head, this.head));
    else this.#goOver(opened);
    this.#fileId = id;
    this.#encoder = new RecordEncoder();
    if (aside === undefined) return;
    const text = `The journal was damaged. It is kept as ${aside}, and a new one was begun.`;
    this.#tell('error', 'JOURNAL_FAILED', 'Journal set aside', text);
  }

  /** Another file than before, or one that could not be read before: what memory holds goes into it. */
  #goOver({ head, sinks, gaps }: Opened): void {
    const { tail } = this.#window;
    if (head > tail) {
      const what = 'it is another journal than before, whose records have later numbers; a restart goes on with it';
      throw new FileFailure('FOREIGN', what);
    }
    // What was only in the file before is gone with it.
    if (this.#fileId !== undefined) this.#tellLosers(this.#books.discardUpTo(tail));
    this.#books.adopt(sinks, [...gaps, ...(head > 0 ? [[head, tail] as const] : [])], this.#start);
    this.#books.renew();
    this.#committed = tail;
  }

  #schedule(): void {
    if (this.#next || this.#committing || !this.#writer || this.#closed) return;
    const wait = Math.max(0, this.#nextAt - this.#clock.monotonic());
    this.#next = this.#clock.setTimer(() => void this.#commit(), wait === 0 ? COMMIT_MS : wait);
  }

  /** Never rejects. */
  #commit(): Promise<void> {
    this.#next?.cancel();
    this.#next = undefined;
    this.#committing ??= this.#send().finally(() => {
      this.#committing = undefined;
      if (this.#more || this.#committed < this.head || this.#books.changed) this.#schedule();
    });
    return this.#committing;
  }

  async #send(): Promise<void> {
    const writer = this.#writer;
    if (!writer) return;
    this.#nextAt = this.#clock.monotonic() + COMMIT_MS;
    const after = Math.max(this.#committed, this.#window.tail);
    const records = this.#window.read(after, LARGEST_COMMIT, this.head);
    const last = after + records.length;
    const { sinks, forgotten } = this.#books.take(last);
    const slow = this.#clock.setTimer(
      () => this.#degrade(`the disk has taken nothing for ${SLOW_MS / 1000} s`),
      SLOW_MS,
    );
    try {
      const committed = await writer.ask<Committed>({
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
      if (writer === this.#writer) this.#fail(error as FileFailure);
    } finally {
      slow.cancel();
    }
  }

  #done(last: number, first: JournalRecord | undefined, { tail, more }: Committed): void {
    this.#committed = Math.max(this.#committed, last);
    this.#attempts = 0;
    if (first) this.#timeline.add(first.sequence, first.time);
    this.#tellLosers(this.#books.discardUpTo(tail));
    this.#timeline.release(tail);
    this.#release();
    this.#recover();
    this.#more = more;
  }

  /** Memory keeps what no disk has, and of the rest what some sink will soon want. */
  #release(): void {
    const kept = Math.floor(this.#window.capacity * KEPT_SHARE);
    this.#window.release(Math.min(this.#committed, Math.max(this.#books.slowest(this.head), this.head - kept)));
  }

  #foundDamage(): void {
    if (this.#damageTold) return;
    this.#damageTold = true;
    const text = `Records in ${this.#options.path} are damaged and are left out; the disk may be failing.`;
    this.#tell('warning', 'JOURNAL_FAILED', 'Records are damaged', text);
  }

  #makeRoom(): void {
    this.#release();
    if (!this.#window.full) return;
    const from = Math.max(this.#committed, this.#window.tail);
    const upTo = this.#window.tail + Math.ceil(this.#window.capacity * LOST_SHARE);
    this.#window.release(upTo);
    this.#tellLosers(this.#books.lose(from, upTo));
  }

  async #readFile(after: number, limit: number, upTo: number): Promise<readonly JournalRecord[]> {
    const records = await this.#backlog.read(after, limit, Math.min(upTo, this.#committed));
    return records.length > 0 ? records : this.#window.read(after, limit, upTo);
  }

  #fail(failure: FileFailure): void {
    if (this.#ended) return;
    const ended = Promise.all([this.#writer?.end(), this.#backlog.close()]);
    this.#writer = undefined;
    this.#idle?.cancel();
    if (isDamageCode(failure.code)) this.#setAside = true;
    this.#books.renew();
    this.#degrade(failure.message);
    if (this.#closed || this.#retry || this.#opening) return;
    // A file that is gone or damaged is at once replaced, if that helps.
    const atOnce = this.#attempts++ === 0 && (failure.code === 'GONE' || this.#setAside);
    const delay = atOnce ? 0 : geometricDelay(this.#attempts, FIRST_RETRY_MS, LONGEST_RETRY_MS, RETRY_STEPS);
    this.#retry = this.#clock.setTimer(() => {
      this.#retry = undefined;
      void ended.then(() => (this.#closed ? undefined : this.#attempt()));
    }, delay);
  }

  #watchIdle(): void {
    this.#idle?.cancel();
    this.#idle = this.#clock.setTimer(() => {
      this.#schedule();
      this.#watchIdle();
    }, IDLE_MS);
  }

  #degrade(reason: string): void {
    if (!this.#begun) this.#begin(this.#floor());
    const message = `The journal ${this.#options.path} takes nothing: ${reason}. Records are kept in memory, and the disk is tried again.`;
    const before = this.#state;
    if (before.state === 'degraded' && before.message === message) return;
    const since = before.state === 'degraded' ? before.since : this.#clock.now();
    this.#state = { state: 'degraded', code: 'JOURNAL_FAILED', message, since };
    this.#tell('error', 'JOURNAL_FAILED', 'Journal degraded', message);
    this.#stateListeners.tell(this.#state);
  }

  #recover(): void {
    if (this.#state.state === 'ok') return;
    this.#state = { state: 'ok' };
    this.#tell('info', 'JOURNAL_RECOVERED', 'Journal recovered', `The journal ${this.#options.path} is written again.`);
    this.#stateListeners.tell(this.#state);
  }

  #tellLosers(losers: readonly [name: string, count: number][]): void {
    for (const [sink, count] of losers)
      this.#tell(
        'warning',
        'RECORDS_DROPPED',
        `Records for ${sink} are discarded`,
        `${sink} has not taken what the journal has no more room or time for: ${count} records and counting.`,
      );
  }

  #tell(severity: Severity, code: EventRecord['code'], title: string, text: string): void {
    const level = severity === 'warning' ? 'warn' : severity;
    this.#log[level]({ code }, text);
    this.append({
      kind: 'event',
      sequence: 0,
      time: this.#clock.now(),
      severity,
      eventKind: 'journal',
      code,
      title,
      text,
    });
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
