import { type Clock, ConditionLost, LabwireError } from '../base/index.ts';
import type { DropListener, Frame } from './framing.ts';
import { Ladder } from './ladder.ts';
import type { Port } from './port.ts';
import { type Outcome, Request } from './request.ts';

const QUEUE_LIMIT = 64;
/** A line that said nothing for so long has said what it had to say. */
const QUIET_MS = 50;
/** A line that never becomes quiet is used all the same. */
const QUIET_LIMIT_MS = 1000;

export interface TransactionsOptions {
  readonly port: Port;
  readonly clock: Clock;
  readonly spacingMs: number;
  readonly firstByteMs: number | undefined;
  readonly onDrop: DropListener;
  /** Forgets a begun frame, for the given reason. */
  forgetBegun(reason: string): void;
}

export interface Asking {
  readonly text: string;
  readonly bytes: Buffer;
  readonly expectsReply: boolean;
  readonly replyMs: number;
  readonly retries: number;
  readonly signal: AbortSignal | undefined;
  readonly accepts: ((frame: string) => boolean) | undefined;
}

/**
 * The requests of one link, carried out one at a time in the order of the calls.
 *
 * An answer that comes too late must not be taken for that of the next question, and nothing in it tells. So the answers
 * still owed are counted, and waited for before the next question: for as long as they may take if the instrument is up
 * to twice as slow as it is allowed to be, and until the line is quiet.
 */
export class Transactions {
  readonly ladder: Ladder;
  readonly #options: TransactionsOptions;
  readonly #quietMs: number;
  #queue: Request[] = [];
  #active: Request | undefined;
  /** Monotonic times in ms. */
  #lastChunkMs = Number.NEGATIVE_INFINITY;
  #lastEndMs = Number.NEGATIVE_INFINITY;
  /** Answers that may still come to questions that are over, and until when they are waited for. */
  #owed = 0;
  #owedUntilMs = 0;
  /** Ends the active request's present wait. */
  #wake: () => void = () => {};

  constructor(options: TransactionsOptions) {
    this.#options = options;
    this.#quietMs = Math.max(options.spacingMs, QUIET_MS);
    this.ladder = new Ladder(options.port);
  }

  /** Never rejects. */
  request(asking: Asking): Promise<Outcome> {
    const { port } = this.#options;
    const request = new Request({
      ...asking,
      portName: port.name,
      retries: asking.expectsReply ? asking.retries : 0,
      onSettled: (settled) => this.#settled(settled),
    });
    if (request.isSettled) return request.outcome;
    if (port.state !== 'open') request.settle(() => new ConditionLost(`${request.what}: the port is not open`));
    else if (this.#queue.length >= QUEUE_LIMIT)
      request.settle(
        () => new LabwireError('QUEUE_FULL', `${request.what}: ${QUEUE_LIMIT} requests are waiting already`),
      );
    else {
      this.#queue.push(request);
      if (!this.#active) void this.#work();
    }
    return request.outcome;
  }

  /** Something arrived. */
  heard(nowMs: number): void {
    this.#lastChunkMs = nowMs;
    if (this.#active) this.#active.hasHeard = true;
  }

  /** Whether the frame is an answer, or was one once. */
  take(frame: Frame): boolean {
    const active = this.#active;
    if (active?.isListening) {
      if (active.accepts && !active.accepts(frame.text)) {
        this.#options.onDrop('unexpected', frame.text.length);
        return true;
      }
      active.isListening = false;
      active.answer = frame.text;
      this.#wake();
      return true;
    }
    if (this.#owed === 0) return false;
    this.#owed--;
    this.#options.onDrop('late', frame.text.length);
    this.#wake();
    return true;
  }

  /** The port is open anew: nothing is owed on this connection. */
  begin(): void {
    this.#owed = 0;
    this.#lastEndMs = Number.NEGATIVE_INFINITY;
  }

  lose(reason: Error): void {
    for (const request of this.#active ? [this.#active, ...this.#queue] : [...this.#queue])
      request.settle(() => new ConditionLost(`${request.what}: the port was lost`, { cause: reason }));
  }

  #settled(request: Request): void {
    if (request === this.#active) this.#wake();
    else this.#queue = this.#queue.filter((other) => other !== request);
  }

  async #work(): Promise<void> {
    for (let request = this.#queue.shift(); request; request = this.#queue.shift()) {
      this.#active = request;
      await this.#perform(request);
      this.#active = undefined;
    }
  }

  async #perform(request: Request): Promise<void> {
    if (this.#owed > 0) await this.#drain(request, this.#owedUntilMs);
    // Given up meanwhile: what is owed is owed to the next one all the same.
    if (request.isSettled) return;
    this.#owed = 0;
    for (let attempt = 0; attempt <= request.retries; attempt++) {
      // Asked again, it takes a late answer to its own question: only the line is to be quiet.
      if (attempt > 0) await this.#drain(request, 0);
      await this.#space(request);
      if (request.isSettled) return;
      await this.#exchange(request);
      this.#lastEndMs = this.#options.clock.monotonic();
      if (request.answer !== undefined) {
        this.#answered(request, request.answer);
        return;
      }
      if (!request.expectsReply) return;
      this.#owed++;
      this.#owedUntilMs = request.sentMs + 2 * request.replyMs;
      if (request.isSettled) return;
    }
    request.settle(() => timeoutError(request));
    // Only now: an opening anew would settle the request as lost.
    this.ladder.failed(timeoutError(request));
  }

  #answered(request: Request, answer: string): void {
    this.ladder.worked();
    // Whether it answered the first asking or the last cannot be known. If the first, the other is as late as this was.
    if (this.#owed > 0) {
      const late = this.#lastEndMs - (request.firstSentMs ?? this.#lastEndMs);
      this.#owedUntilMs = request.sentMs + late + this.#quietMs;
    }
    request.settle(answer);
  }

  /** Sends, and waits until the answer is there, a limit has passed, or the request is settled otherwise. */
  async #exchange(request: Request): Promise<void> {
    const { clock, port } = this.#options;
    this.#options.forgetBegun('stale');
    request.begin(clock.monotonic());
    port.write(request.bytes).then(
      () => {
        request.sent(clock.monotonic());
        if (!request.expectsReply) request.settle('');
        else if (this.#options.firstByteMs !== undefined && request.isListening) this.#wake();
      },
      (cause: unknown) => request.settle(() => new ConditionLost(`${request.what}: the port was lost`, { cause })),
    );
    while (!request.isSettled && request.answer === undefined) {
      const rest = this.#limitMs(request) - clock.monotonic();
      if (rest <= 0) break;
      await this.#pause(rest);
    }
    request.isListening = false;
    if (!request.isSent && !request.isSettled && request.answer === undefined) this.#stuck(request);
  }

  /** When the present attempt is over, as things stand. */
  #limitMs(request: Request): number {
    const { firstByteMs } = this.#options;
    const isSilent = request.isSent && !request.hasHeard;
    return (
      request.sentMs +
      (isSilent && firstByteMs !== undefined ? Math.min(firstByteMs, request.replyMs) : request.replyMs)
    );
  }

  /** The operating system takes no more bytes: whatever is written after would queue up behind these. */
  #stuck(request: Request): void {
    const error = (): LabwireError => {
      const limit = `${request.replyMs / 1000} s`;
      return new LabwireError(
        'TIMEOUT',
        `${request.what} could not be sent within ${limit}; check flow control and cable`,
      );
    };
    request.settle(error);
    this.#options.port.reopen(error());
  }

  async #space(request: Request): Promise<void> {
    const { clock, spacingMs } = this.#options;
    const untilMs = this.#lastEndMs + spacingMs;
    for (let rest = untilMs - clock.monotonic(); rest > 0 && !request.isSettled; rest = untilMs - clock.monotonic())
      await this.#pause(rest);
  }

  /** Waits until what is owed has come, or `owedUntilMs` is over, and the line is quiet. */
  async #drain(request: Request, owedUntilMs: number): Promise<void> {
    const { clock } = this.#options;
    const limitMs = Math.max(clock.monotonic(), owedUntilMs) + QUIET_LIMIT_MS;
    while (!request.isSettled) {
      const quietAtMs = this.#lastChunkMs + this.#quietMs;
      const untilMs = this.#owed > 0 ? Math.max(quietAtMs, owedUntilMs) : quietAtMs;
      const rest = Math.min(untilMs, limitMs) - clock.monotonic();
      if (rest <= 0) break;
      await this.#pause(rest);
    }
    this.#options.forgetBegun('late');
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(resolve, milliseconds);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}

function timeoutError(request: Request): LabwireError {
  const tries = request.retries === 0 ? '' : `, asked ${request.retries + 1} times`;
  return new LabwireError(
    'REPLY_TIMEOUT',
    `${request.what}: no answer within ${request.replyMs / 1000} s${tries}; check power, cable and the serial settings`,
  );
}
