import type { Clock } from '../base/index.ts';
import type { DropListener, Frame, Framing } from './framing.ts';
import type { Port } from './port.ts';

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
  readonly port: Port;
  readonly framing: Framing;
  readonly clock: Clock;
  readonly timing?: LinkTiming;
  /** Called for each thing discarded: reason and bytes. */
  readonly onDrop?: DropListener;
}

export interface QueryOptions {
  readonly signal?: AbortSignal;
  readonly replyMs?: number;
  readonly retries?: number;
}

export interface SendOptions {
  readonly signal?: AbortSignal;
}

export interface FramesOptions {
  readonly signal?: AbortSignal;
  /** Longest time without a frame, in seconds. */
  readonly silence?: number;
}

export class Link {
  readonly port: Port;

  constructor(options: LinkOptions) {
    this.port = options.port;
  }
  /** Arrival of the last frame: whole µs since the Unix epoch; 0 before the first. */
  get lastArrival(): number {
    return 0;
  }
  /** What was discarded, counted by reason. */
  get drops(): Readonly<Record<string, number>> {
    return {};
  }
  async query(_text: string, _options: QueryOptions = {}): Promise<string> {
    return '';
  }
  async send(_text: string, _options: SendOptions = {}): Promise<void> {}
  frames(_options: FramesOptions = {}): AsyncIterable<Frame> {
    return { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }) };
  }
}
