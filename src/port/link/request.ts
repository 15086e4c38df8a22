import { abortError, LabwireError, show } from '../../base/index.ts';

/** The answer (empty for what expects none), or what makes the error: where it is made, its stack begins. */
export type Outcome = string | (() => Error);

/** What is asked of the line. */
export interface Asking {
  readonly text: string;
  readonly bytes: Buffer;
  readonly expectsReply: boolean;
  readonly replyMs: number;
  readonly retries: number;
  readonly signal: AbortSignal | undefined;
  /** Whether a frame answers it; without it every frame does. */
  readonly accepts: ((frame: string) => boolean) | undefined;
}

/** One question or command on its way over the line; it may need several tries. */
export class Request {
  readonly asking: Asking;
  readonly outcome: Promise<Outcome>;
  /** When it was asked for; monotonic, in ms. */
  readonly askedMs: number;
  isSettled = false;
  tries = 0;
  /** When its first try began; monotonic, in ms. */
  firstTryMs: number | undefined;

  readonly #portName: string;
  readonly #onAbort: () => void;
  readonly #onSettled: (request: Request) => void;
  #resolve!: (outcome: Outcome) => void;

  constructor(asking: Asking, portName: string, nowMs: number, onSettled: (request: Request) => void) {
    this.asking = asking;
    this.askedMs = nowMs;
    this.#portName = portName;
    this.#onSettled = onSettled;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const { signal } = asking;
    this.#onAbort = () => this.settle(() => abortError(this.what, signal));
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Names it in messages; made only when there is one to write. */
  get what(): string {
    return `${this.#portName}: ${showQuestion(this.asking.text)}`;
  }

  /** Whether the frame answers it. A driver's mistake ends the question, and not the process. */
  takes(frame: string): boolean {
    const { accepts } = this.asking;
    if (!accepts) return true;
    try {
      return accepts(frame);
    } catch (cause) {
      this.settle(() => new LabwireError('INTERNAL', `${this.what}: its check of answers failed`, { cause }));
      return false;
    }
  }

  settle(outcome: Outcome): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.asking.signal?.removeEventListener('abort', this.#onAbort);
    this.#resolve(outcome);
    this.#onSettled(this);
  }
}

const LONGEST_HEX = 24;

/** Text as it is, bytes as hexadecimal digits; not too much of either. */
function showQuestion(text: string): string {
  if (/^[\t\r\n -~]*$/.test(text)) return show(text);
  const hex = Buffer.from(text.slice(0, LONGEST_HEX), 'latin1').toString('hex').replace(/..\B/g, '$& ');
  return `<${hex}${text.length > LONGEST_HEX ? ' …' : ''}>`;
}
