import { type Clock, ConditionLost, FrameError, LabwireError, show, toError } from '../../base/index.ts';
import type { DropListener, Frame, Framer, Framing } from '../framing/framing.ts';
import type { Port } from '../port.ts';
import { FrameReader } from './frame-reader.ts';
import type { LinkCounters, Station } from './station.ts';
import type { Transactions } from './transactions.ts';

export interface LinkTiming {
  /** Least time from the end of one transaction to the next, in ms; default 0. */
  readonly spacingMs?: number;
  /** Limit from the sending to the first byte of the answer, in ms; default none but `replyMs`. */
  readonly firstByteMs?: number;
  /** Limit from the sending to the end of the answer, in ms; default 1000. */
  readonly replyMs?: number;
  /** How often a question is asked again after a time-out; default 1. */
  readonly retries?: number;
}

export interface LinkOptions {
  readonly framing: Framing;
  readonly timing?: LinkTiming;
  /**
   * Called for each thing discarded. Reasons: those of the framing (`too_long`); `stale`, nobody had asked; `late`, it
   * came after the time limit; `unexpected`, it answers another question; `echo`, something else than was sent came back;
   * `overrun`, the reader of `frames()` is too slow.
   */
  readonly onDrop?: DropListener;
}

export interface QueryOptions {
  readonly signal?: AbortSignal;
  /** As in `LinkTiming`, for this question. */
  readonly replyMs?: number;
  readonly retries?: number;
  /**
   * Whether a frame answers this question; default every frame does. Where the protocol tells (an address, a function
   * code), what is refused here goes to the readers of `frames()`, or is dropped, reason `unexpected`, and the waiting
   * goes on. Where several links share a line, only questions with this can go on beside an instrument that still owes
   * an answer: it must not accept the answer of another. A question without it waits for whatever is owed to anyone, so
   * that each try of a silent instrument costs it the whole time for which `query()` waits for a late answer.
   */
  readonly accepts?: (frame: string) => boolean;
}

export interface SendOptions {
  readonly signal?: AbortSignal;
}

export interface FramesOptions {
  readonly signal?: AbortSignal;
  /** Longest time without a frame, in seconds; default without limit. */
  readonly silence?: number;
}

const REPLY_MS = 1000;
const RETRIES = 1;
/** Who pauses longer than this in the middle of a line is not reckoned with. */
const QUIET_BEFORE_FRAME_MS = 250;

/**
 * Questions and answers, and what is said unasked, between a program and one instrument. One transaction at a time, in
 * the order of the calls, and in turn with the other links of the line (`Bus`); every promise settles within its limits,
 * and at once with `ConditionLost` when the port is not open or is lost.
 *
 * No answer is ever taken for that of another question: what came unasked is dropped before a question is sent, and the
 * end of what has begun is waited for (until it comes or the line is quiet; 1 s at most). After a try that timed out, was
 * cancelled or cut off by a loss of the port, the next question waits until the late answer came, or should have come by
 * now: `query()` says when.
 */
export class Link {
  readonly port: Port;
  readonly #framing: Framing;
  readonly #clock: Clock;
  readonly #replyMs: number;
  readonly #retries: number;
  readonly #onDrop: DropListener;
  readonly #transactions: Transactions;
  readonly #station: Station;
  #framer: Framer;
  #readers: readonly FrameReader[] = [];
  #lastArrival = 0;
  #lastChunkMs = 0;
  /** The opening, until the first byte after it has come. */
  #quietSinceMs: number | undefined;
  /** The frame that is arriving may have begun before the opening. */
  #joinedLate = false;

  /** Made by `Bus.link()`. */
  constructor(port: Port, clock: Clock, transactions: Transactions, options: LinkOptions, pauseMs: number) {
    this.port = port;
    this.#framing = options.framing;
    this.#clock = clock;
    this.#replyMs = options.timing?.replyMs ?? REPLY_MS;
    this.#retries = options.timing?.retries ?? RETRIES;
    this.#onDrop = options.onDrop ?? (() => {});
    this.#framer = this.#createFramer();
    this.#transactions = transactions;
    this.#station = transactions.join(
      { spacingMs: options.timing?.spacingMs ?? 0, firstByteMs: options.timing?.firstByteMs, pauseMs },
      {
        push: (bytes, nowMs) => this.#receive(bytes, nowMs),
        hasBegun: (hearsOn) => this.#hasBegun(hearsOn),
        forget: (reason, hearsOn) => this.#forget(reason, hearsOn),
        drop: (reason, bytes) => this.#drop(reason, bytes),
        begin: () => this.#begin(),
        lose: (what, cause) => this.#lose(what, cause),
      },
    );
  }

  get counters(): LinkCounters {
    return this.#station.counters;
  }

  /** Arrival of the last answer, or of the last frame that a reader got: whole µs since the Unix epoch; 0 before the first. */
  get lastArrival(): number {
    return this.#lastArrival;
  }

  /**
   * Asks, and resolves with the text of the next frame, or of the first that `accepts` takes.
   *
   * Of a try that was not answered the answer may still come, and the next question of this link waits for it: 8 times
   * `replyMs` from the sending, but 4 s at most, then twice as long with each question in a row that got no answer in
   * time, and half as long again as the latest answer took until 100 came in time; 10 s at most, and never less than
   * 4 times `replyMs`. It is 4 times instead of 8 for a try that was cancelled or cut off by a loss of the port. So a
   * single lost answer stalls its instrument for that time, and no other of the line whose questions have `accepts`. A
   * repetition does not wait: whichever answer comes is that of its question. Where nothing
   * in an answer tells its question, one that comes later than that can not be told apart, and becomes that of another.
   *
   * Where several links share the line, an instrument that did not answer rests before it is asked again, twice as long
   * each time and for 10 s at most, and is asked without repetitions until it answers: a question waits meanwhile.
   *
   * @throws ConditionLost the port is not open, or was lost meanwhile
   * @throws LabwireError REPLY_TIMEOUT after the retries, REPLY_UNEXPECTED when the echo differs, TIMEOUT when the
   *   question cannot even be sent, QUEUE_FULL when 64 requests are waiting, ABORTED by the signal, VALUE_INVALID when
   *   `replyMs` is no number
   */
  async query(text: string, options: QueryOptions = {}): Promise<string> {
    const outcome = await this.#request(text, true, options);
    // The error is made here and not where the fault was found, so that its stack shows the caller.
    if (typeof outcome !== 'string') throw outcome();
    return outcome;
  }

  /** Sends without expecting an answer; resolves when the operating system has the bytes. Throws as `query()` does. */
  async send(text: string, options: SendOptions = {}): Promise<void> {
    const outcome = await this.#request(text, false, options);
    if (typeof outcome !== 'string') throw outcome();
  }

  /**
   * Every frame from now on that is not the answer to a question. The iteration throws ConditionLost when the port is
   * lost, SILENT when nothing came for `silence` seconds, ABORTED by the signal; what came before that is given first.
   */
  frames(options: FramesOptions = {}): AsyncIterableIterator<Frame> {
    const reader = new FrameReader({
      name: this.port.name,
      clock: this.#clock,
      signal: options.signal,
      silence: options.silence,
      onOverrun: (bytes) => this.#drop('overrun', bytes),
      onSilent: (error) => this.#transactions.failed(this.#station, error),
      onEnd: (ended) => {
        this.#readers = this.#readers.filter((other) => other !== ended);
      },
    });
    const { name, state } = this.port;
    if (this.#station.isClosed) reader.fail(() => new ConditionLost(`The link over ${name} was given up`));
    else if (state !== 'open') reader.fail(() => new ConditionLost(`${name} is not open`));
    if (!reader.isEnded) this.#readers = [...this.#readers, reader];
    return reader;
  }

  /** Leaves the line to others: everything under way here ends as if the port were lost. Idempotent. */
  close(): void {
    this.#transactions.leave(this.#station);
  }

  #request(text: string, expectsReply: boolean, options: QueryOptions): ReturnType<Transactions['request']> {
    const { replyMs = this.#replyMs } = options;
    if (!(replyMs >= 0))
      throw new LabwireError(
        'VALUE_INVALID',
        `${show(text)}: replyMs must be a number of ms, 0 or more, is ${replyMs}`,
      );
    return this.#transactions.request(this.#station, {
      text,
      bytes: this.#framing.encode(text),
      expectsReply,
      replyMs,
      retries: options.retries ?? this.#retries,
      signal: options.signal,
      accepts: options.accepts,
    });
  }

  #receive(bytes: Buffer, nowMs: number): void {
    this.#lastChunkMs = nowMs;
    if (this.#quietSinceMs !== undefined) {
      this.#joinedLate = nowMs - this.#quietSinceMs < QUIET_BEFORE_FRAME_MS;
      this.#quietSinceMs = undefined;
    }
    const at = this.#clock.now();
    try {
      this.#framer.push(bytes, at);
    } catch (error) {
      // A driver's mistake costs it what has come, and not the process.
      const begun = this.#framer.reset();
      this.#framer = this.#createFramer();
      this.port.traffic.note('error', `The framing failed: ${toError(error).message}`, at);
      this.#drop(error instanceof FrameError ? error.reason : 'invalid', begun + bytes.length);
    }
  }

  #onFrame(whole: Frame): void {
    const frame = this.#joinedLate ? { ...whole, partial: true } : whole;
    this.#joinedLate = false;
    this.port.traffic.note('frame', frame.text, frame.at);
    const taken = this.#transactions.take(frame.text);
    if (taken === 'late') return;
    if (taken !== 'answer' && this.#readers.length === 0) {
      this.#drop(taken, frame.text.length);
      return;
    }
    this.#lastArrival = frame.at;
    if (taken === 'answer') return;
    this.#transactions.worked(this.#station, this.#lastChunkMs);
    for (const reader of this.#readers) reader.push(frame, this.#lastChunkMs);
  }

  #drop(reason: string, bytes: number): void {
    this.#station.counters.dropped++;
    this.port.traffic.note('dropped', `${reason}, ${bytes} bytes`, this.#clock.now());
    if (!this.#station.isClosed) this.#onDrop(reason, bytes);
  }

  #hasBegun(hearsOn: boolean): boolean {
    return this.#framer.hasBegun && !this.#keeps(hearsOn);
  }

  /** A talker's frame that is arriving has nothing to do with a question of its own link. */
  #keeps(hearsOn: boolean): boolean {
    return hearsOn && this.#readers.length > 0;
  }

  #forget(reason: string, hearsOn: boolean): void {
    if (this.#keeps(hearsOn)) return;
    const begun = this.#framer.reset();
    if (begun > 0) this.#drop(reason, begun);
  }

  #begin(): void {
    this.#framer = this.#createFramer();
    this.#quietSinceMs = this.#clock.monotonic();
    this.#joinedLate = false;
  }

  #lose(what: string, cause: Error): void {
    this.#framer.reset();
    for (const reader of this.#readers) reader.fail(() => new ConditionLost(`${this.port.name}: ${what}`, { cause }));
  }

  #createFramer(): Framer {
    return this.#framing.createFramer(
      (frame) => this.#onFrame(frame),
      (reason, bytes) => this.#drop(reason, bytes),
      this.#clock,
    );
  }
}
