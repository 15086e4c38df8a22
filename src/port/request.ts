import { abortError } from '../base/index.ts';

/** The answer (empty for what expects none), or what makes the error: where it is made, its stack begins. */
export type Outcome = string | (() => Error);

export interface RequestOptions {
  readonly portName: string;
  readonly text: string;
  readonly bytes: Buffer;
  readonly expectsReply: boolean;
  readonly replyMs: number;
  readonly retries: number;
  readonly signal: AbortSignal | undefined;
  readonly accepts: ((frame: string) => boolean) | undefined;
  onSettled(request: Request): void;
}

/** One question or command on its way through the queue of a link. */
export class Request {
  readonly bytes: Buffer;
  readonly expectsReply: boolean;
  readonly replyMs: number;
  readonly retries: number;
  readonly accepts: ((frame: string) => boolean) | undefined;
  readonly outcome: Promise<Outcome>;
  isSettled = false;

  /** The next frame is its answer. */
  isListening = false;
  /** The operating system has the bytes of this attempt. */
  isSent = false;
  /** Something arrived since this attempt began. */
  hasHeard = false;
  answer: string | undefined;
  /** When this attempt was sent, or begun while it is not; monotonic, in ms. */
  sentMs = 0;
  firstSentMs: number | undefined;

  readonly #portName: string;
  readonly #text: string;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  readonly #onSettled: (request: Request) => void;
  #resolve!: (outcome: Outcome) => void;

  constructor(options: RequestOptions) {
    this.#portName = options.portName;
    this.#text = options.text;
    this.bytes = options.bytes;
    this.expectsReply = options.expectsReply;
    this.replyMs = options.replyMs;
    this.retries = options.retries;
    this.accepts = options.accepts;
    this.#onSettled = options.onSettled;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const { signal } = options;
    this.#signal = signal;
    this.#onAbort = () => this.settle(() => abortError(this.what, signal));
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Names it in messages; made only when there is one to write. */
  get what(): string {
    return `${this.#portName}: ${JSON.stringify(this.#text)}`;
  }

  settle(outcome: Outcome): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#resolve(outcome);
    this.#onSettled(this);
  }

  /** An attempt begins: from now on a frame is its answer, since it may come before the writing is reported done. */
  begin(nowMs: number): void {
    this.isListening = this.expectsReply;
    this.isSent = false;
    this.hasHeard = false;
    this.sentMs = nowMs;
  }

  sent(nowMs: number): void {
    this.isSent = true;
    this.sentMs = nowMs;
    this.firstSentMs ??= nowMs;
  }
}
