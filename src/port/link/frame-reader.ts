import { abortError, type Clock, LabwireError, type Timer } from '../../base/index.ts';
import type { Frame } from '../framing/framing.ts';

/** Frames held for a reader that is slower than its instrument; beyond it the oldest is dropped. */
const FRAME_LIMIT = 4096;

export interface FrameReaderOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Longest time without a frame, in seconds. */
  readonly silence: number | undefined;
  onOverrun(bytes: number): void;
  onSilent(error: LabwireError): void;
  /** The reader wants no more frames. */
  onEnd(reader: FrameReader): void;
}

/**
 * What an instrument says unasked, as an async iterator. By hand and with a queue, because it carries every frame of a
 * fast talker: frames of one chunk cost a push each, and no timer is set per frame.
 */
export class FrameReader implements AsyncIterableIterator<Frame> {
  readonly #options: FrameReaderOptions;
  readonly #onAbort: () => void;
  readonly #silenceMs: number;
  #frames: Frame[] = [];
  /** Index of the oldest frame that was not taken. */
  #first = 0;
  #waiting: ((outcome: IteratorResult<Frame> | (() => Error)) => void) | undefined;
  #lastFrameMs: number;
  #silenceTimer: Timer | undefined;
  /** Makes the error that ends the iteration: where it is made, its stack begins. */
  #makeError: (() => Error) | undefined;
  #ended = false;

  constructor(options: FrameReaderOptions) {
    this.#options = options;
    this.#lastFrameMs = options.clock.monotonic();
    this.#onAbort = () => this.fail(() => abortError(`Listening to ${options.name}`, options.signal));
    this.#silenceMs = (options.silence ?? Number.POSITIVE_INFINITY) * 1000;
    if (options.silence !== undefined) this.#watchSilence();
    if (options.signal?.aborted) this.#onAbort();
    else options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** It takes no more frames. */
  get isEnded(): boolean {
    return this.#ended;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @param arrivedMs monotonic time of its arrival */
  push(frame: Frame, arrivedMs: number): void {
    this.#lastFrameMs = arrivedMs;
    if (this.#waiting) {
      this.#settle({ done: false, value: frame });
      return;
    }
    if (this.#frames.length - this.#first >= FRAME_LIMIT) this.#dropOldest();
    this.#frames.push(frame);
  }

  /** What was received before is still given; then the iteration throws. */
  fail(makeError: () => Error): void {
    if (this.#ended) return;
    this.#end();
    if (this.#waiting) this.#settle(makeError);
    else this.#makeError = makeError;
  }

  next(): Promise<IteratorResult<Frame>> {
    const frame = this.#frames[this.#first];
    if (frame) {
      this.#first++;
      if (this.#first === this.#frames.length) {
        this.#frames = [];
        this.#first = 0;
      }
      return Promise.resolve({ done: false, value: frame });
    }
    const makeError = this.#makeError;
    this.#makeError = undefined;
    if (makeError) return Promise.reject(makeError());
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    if (this.#waiting)
      return Promise.reject(
        new LabwireError('INTERNAL', `${this.#options.name}: a frame is asked for before the one before came`),
      );
    return this.#wait();
  }

  return(): Promise<IteratorResult<Frame>> {
    this.#end();
    this.#frames = [];
    this.#first = 0;
    this.#makeError = undefined;
    this.#settle({ done: true, value: undefined });
    return Promise.resolve({ done: true, value: undefined });
  }

  async #wait(): Promise<IteratorResult<Frame>> {
    const outcome = await new Promise<IteratorResult<Frame> | (() => Error)>((resolve) => {
      this.#waiting = resolve;
    });
    // The error is made here and not where the fault was found, so that its stack shows who iterates.
    if (typeof outcome === 'function') throw outcome();
    return outcome;
  }

  #settle(outcome: IteratorResult<Frame> | (() => Error)): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(outcome);
  }

  #dropOldest(): void {
    this.#options.onOverrun(this.#frames[this.#first]?.text.length ?? 0);
    this.#first++;
    if (this.#first < FRAME_LIMIT) return;
    this.#frames = this.#frames.slice(this.#first);
    this.#first = 0;
  }

  /** One timer for the whole iteration, set for the earliest time at which the silence can have lasted too long. */
  #watchSilence(): void {
    const { clock, name, silence } = this.#options;
    const rest = this.#lastFrameMs + this.#silenceMs - clock.monotonic();
    if (rest > 0) {
      this.#silenceTimer = clock.setTimer(() => this.#watchSilence(), rest);
      return;
    }
    const message = `${name} has said nothing for ${silence} s; check that the instrument is on and its baud rate is right`;
    this.fail(() => new LabwireError('SILENT', message));
    this.#options.onSilent(new LabwireError('SILENT', message));
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#silenceTimer?.cancel();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#options.onEnd(this);
  }
}
