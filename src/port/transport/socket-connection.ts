import type { Socket } from 'node:net';
import { type Clock, LabwireError, type Timer, toError } from '../../base/index.ts';
import type { Connection, ConnectionEvents } from '../connection.ts';
import { closedError } from './port-errors.ts';

/** How long the other side may take nothing of what is written to it. */
const DRAIN_LIMIT_MS = 10_000;
/** What may wait in this process for the other side to read. */
const PENDING_LIMIT = 1024 * 1024;

/**
 * One connection of a socket. A peer that takes nothing is a loss: within 10 s of the first byte that waits in this
 * process, or at once when 1 MiB does. What the operating system has taken and nobody acknowledges is not seen here: a
 * question times out of it, and a port whose questions go on timing out is opened anew.
 */
export class SocketConnection implements Connection {
  readonly #name: string;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #lost: (error: Error) => void;
  readonly #closed: Promise<void>;
  #drain: Timer | undefined;
  #writing = 0;
  /** Why it is over: lost or closed. */
  #ended: LabwireError | undefined;

  constructor(name: string, socket: Socket, events: ConnectionEvents, clock: Clock) {
    this.#name = name;
    this.#socket = socket;
    this.#clock = clock;
    this.#lost = (error) => {
      if (this.#ended) return;
      const reason = error instanceof LabwireError ? error : goneError(name, error);
      this.#end(reason);
      events.lost(reason);
    };
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (bytes: Buffer) => {
      if (!this.#ended) events.data(bytes);
    });
    socket.on('error', this.#lost);
    socket.on('end', () => this.#lost(new Error('the other side closed the connection')));
    socket.on('close', () => this.#lost(new Error('the connection was closed')));
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(closedError(this.#name));
      if (this.#socket.writableLength + bytes.length > PENDING_LIMIT) {
        const error = this.#stuck();
        this.#lost(error);
        return reject(error);
      }
      this.#writing++;
      this.#drain ??= this.#clock.setTimer(() => this.#lost(this.#stuck()), DRAIN_LIMIT_MS);
      this.#socket.write(bytes, (error) => {
        this.#taken();
        // Node tells no error of a write that was cut off by the end of its socket.
        if (this.#ended) reject(this.#ended);
        else if (error) reject(goneError(this.#name, error));
        else resolve();
      });
    });
  }

  /** What the operating system holds comes by itself before anything else can: there is nothing to discard here. */
  async flush(): Promise<void> {
    if (this.#ended) throw closedError(this.#name);
  }

  async close(): Promise<void> {
    this.#end(closedError(this.#name));
    await this.#closed;
  }

  /** The limit is for each step: a slow reader is none that takes nothing. */
  #taken(): void {
    this.#writing--;
    this.#drain?.cancel();
    this.#drain = undefined;
    if (this.#writing > 0 && !this.#ended)
      this.#drain = this.#clock.setTimer(() => this.#lost(this.#stuck()), DRAIN_LIMIT_MS);
  }

  /** Whoever writes learns of it now: what waits is dropped with the socket. */
  #end(reason: LabwireError): void {
    this.#ended ??= reason;
    this.#drain?.cancel();
    this.#drain = undefined;
    this.#socket.destroy();
  }

  #stuck(): LabwireError {
    return new LabwireError(
      'PORT_FAILED',
      `${this.#name} takes no more bytes: the other side hangs, or its serial line is held by flow control`,
    );
  }
}

/** What the two ends of a connection say when it breaks, in words for the one who looks after them. */
function goneError(name: string, cause: Error): LabwireError {
  const why =
    (cause as NodeJS.ErrnoException).code === 'ETIMEDOUT'
      ? 'gives no sign of life: check its power and the network'
      : 'has closed the connection: it was restarted, has lost its own port, or serves another client';
  return new LabwireError('PORT_FAILED', `${name} ${why}`, { cause });
}

/** Where several addresses of a host were tried, Node keeps what each said aside. */
export function socketReason(thrown: unknown): string {
  const error = toError(thrown);
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map((each) => toError(each).message).join(', ');
  return error.message;
}
