import { type Clock, ConditionLost } from '../../base/index.ts';
import type { Port } from '../port.ts';
import { Pause } from './pause.ts';
import type { Request } from './request.ts';
import type { Station } from './station.ts';

export interface ExchangeOptions {
  readonly port: Port;
  readonly clock: Clock;
  /** What is sent comes back first. */
  readonly echo: boolean;
}

/**
 * `answered` · `sent`, and no answer is expected · `settled`: the request was cancelled, or the port lost · `silent`: no
 * answer in time · `stuck`: the operating system takes no more bytes · `echo`: something else than was sent came back.
 */
export type ExchangeEnd = 'answered' | 'sent' | 'settled' | 'silent' | 'stuck' | 'echo';

/** One try of a request: from the sending to the answer, or to the end of its time. */
export class Exchange {
  readonly station: Station;
  readonly request: Request;
  readonly #options: ExchangeOptions;
  readonly #pause: Pause;
  /** How many of the bytes sent have come back. */
  #echoed: number;
  /** Bytes that came in its place. */
  #wrongBytes = 0;
  #isListening: boolean;
  #isSent = false;
  /** Something arrived, beside the echo. */
  #hasHeard = false;
  #answer: string | undefined;
  /** When it was sent, or begun while it is not; monotonic, in ms. */
  #sentMs: number;

  constructor(station: Station, request: Request, options: ExchangeOptions) {
    this.station = station;
    this.request = request;
    this.#options = options;
    this.#pause = new Pause(options.clock);
    this.#isListening = request.asking.expectsReply;
    this.#sentMs = options.clock.monotonic();
    this.#echoed = options.echo ? 0 : request.asking.bytes.length;
  }

  get answer(): string {
    return this.#answer ?? '';
  }

  /** When it was sent at the latest: now, where that is not known; monotonic, in ms. */
  get sentMs(): number {
    return this.#isSent ? this.#sentMs : this.#options.clock.monotonic();
  }

  /** The next frame may be its answer: from the beginning, since it may come before the writing is reported done. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Bytes that came before the echo was whole. */
  get echoBytes(): number {
    return this.#options.echo ? this.#echoed + this.#wrongBytes : 0;
  }

  get lacksEcho(): boolean {
    return this.#echoed < this.request.asking.bytes.length;
  }

  async run(): Promise<ExchangeEnd> {
    const { clock, port } = this.#options;
    const { request } = this;
    const { firstByteMs } = this.station.timing;
    const { bytes, expectsReply } = request.asking;
    request.tries++;
    request.firstTryMs ??= this.#sentMs;
    port.write(bytes).then(
      () => {
        this.#isSent = true;
        this.#sentMs = clock.monotonic();
        if (!expectsReply || (firstByteMs !== undefined && this.#isListening)) this.#pause.end();
      },
      (cause: unknown) => request.settle(() => new ConditionLost(`${request.what}: the port was lost`, { cause })),
    );
    for (;;) {
      if (this.#answer !== undefined) return 'answered';
      // Given up, it has its echo come first: what is sent next would have that before its own.
      if (request.isSettled && (!this.lacksEcho || port.state !== 'open')) return 'settled';
      if (this.#wrongBytes > 0) return 'echo';
      if (!expectsReply && this.#isSent && !this.lacksEcho) return 'sent';
      const rest = this.#limitMs() - clock.monotonic();
      if (rest <= 0) break;
      await this.#pause.wait(rest);
    }
    this.#isListening = false;
    if (request.isSettled) return 'settled';
    if (!this.#isSent) return 'stuck';
    return this.lacksEcho && this.#echoed > 0 ? 'echo' : 'silent';
  }

  /** The request was settled. */
  wake(): void {
    this.#pause.end();
  }

  /** Something arrived; returns it without the echo. */
  hear(bytes: Buffer): Buffer {
    const rest = this.lacksEcho ? this.#withoutEcho(bytes) : bytes;
    if (rest.length > 0) this.#hasHeard = true;
    return rest;
  }

  /** Whether the frame is the answer. */
  take(frame: string): boolean {
    if (!this.#isListening || !this.request.takes(frame)) return false;
    this.#isListening = false;
    this.#answer = frame;
    this.#pause.end();
    return true;
  }

  #withoutEcho(bytes: Buffer): Buffer {
    const expected = this.request.asking.bytes;
    const length = Math.min(bytes.length, expected.length - this.#echoed);
    if (this.#wrongBytes > 0 || bytes.compare(expected, this.#echoed, this.#echoed + length, 0, length) !== 0) {
      this.#isListening = false;
      this.#wrongBytes += bytes.length;
      this.#pause.end();
      return bytes.subarray(bytes.length);
    }
    this.#echoed += length;
    const { asking, isSettled } = this.request;
    if (!this.lacksEcho && (!asking.expectsReply || isSettled)) this.#pause.end();
    return bytes.subarray(length);
  }

  /** When it is over, as things stand. */
  #limitMs(): number {
    const { replyMs } = this.request.asking;
    const { firstByteMs } = this.station.timing;
    const isSilent = this.#isSent && !this.#hasHeard;
    return this.#sentMs + (isSilent && firstByteMs !== undefined ? Math.min(firstByteMs, replyMs) : replyMs);
  }
}
