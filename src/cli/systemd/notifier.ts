import { type Clock, type Logger, type Timer, toError } from '../../base/index.ts';
import type { NotifySocket } from './notify-socket.ts';

/** How soon a message is sent again for which the receiver had no room. */
const AGAIN_MS = 100;
/** Messages that wait for room at most: a service manager that takes none for so long has other troubles. */
const LONGEST_QUEUE = 32;

export interface NotifierParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly open: (address: string) => NotifySocket;
}

/** Sends to the service manager, in order and without waiting. What cannot be sent is told once, and harms nothing else. */
export class Notifier {
  readonly #address: string;
  readonly #parts: NotifierParts;
  readonly #queue: string[] = [];
  #socket: NotifySocket | undefined;
  #again: Timer | undefined;
  #failed = false;
  #discarded = 0;

  constructor(address: string, parts: NotifierParts) {
    this.#address = address;
    this.#parts = parts;
  }

  /** @param assignments such as `READY=1`; together they are one message */
  tell(...assignments: string[]): void {
    if (this.#queue.length === LONGEST_QUEUE) {
      this.#queue.shift();
      if (this.#discarded++ === 0)
        this.#parts.log.warn(
          `The service manager takes no messages; of those that wait only the last ${LONGEST_QUEUE} are kept`,
        );
    }
    this.#queue.push(assignments.join('\n'));
    this.#flush();
  }

  close(): void {
    this.#again?.cancel();
    this.#socket?.close();
    this.#socket = undefined;
  }

  #flush(): void {
    this.#again?.cancel();
    this.#again = undefined;
    try {
      this.#socket ??= this.#parts.open(this.#address);
      for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
        if (!this.#socket.send(next)) {
          this.#again = this.#parts.clock.setTimer(() => this.#flush(), AGAIN_MS);
          return;
        }
        this.#queue.shift();
      }
      this.#failed = false;
    } catch (error) {
      this.#queue.length = 0;
      if (!this.#failed) this.#parts.log.warn({ err: toError(error) }, toError(error).message);
      this.#failed = true;
    }
  }
}
