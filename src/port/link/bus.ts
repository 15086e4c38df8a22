import type { Clock } from '../../base/index.ts';
import type { Port } from '../port.ts';
import { Link, type LinkOptions } from './link.ts';
import { Transactions } from './transactions.ts';

export interface BusOptions {
  readonly port: Port;
  readonly clock: Clock;
  /** Least pause between any two transactions on the line, in ms; default 0. */
  readonly spacingMs?: number;
  /** The time of one character on the line, in ms; default that of 9600 baud. */
  readonly characterMs?: number;
  /** What is sent comes back first, as on two-wire adapters that hear themselves; default false. */
  readonly echo?: boolean;
}

/** Start bit, eight data bits and a stop bit at 9600 baud. */
const CHARACTER_MS = 10_000 / 9600;

/**
 * One port and the links that take turns on it, each with its own framing and timing; a point-to-point line is a bus with
 * one link. What arrives is for the link whose turn it is, or was last.
 *
 * The links that have something to ask come in turn, one try each. An instrument that does not answer delays the others
 * by its time limit, once per turn, and is asked ever more rarely until it answers.
 */
export class Bus {
  readonly port: Port;
  readonly #clock: Clock;
  readonly #characterMs: number;
  readonly #transactions: Transactions;
  readonly #ends: readonly (() => void)[];

  constructor({ port, clock, spacingMs = 0, characterMs = CHARACTER_MS, echo = false }: BusOptions) {
    this.port = port;
    this.#clock = clock;
    this.#characterMs = characterMs;
    const transactions = new Transactions({ port, clock, spacingMs, echo });
    this.#transactions = transactions;
    this.#ends = [
      port.onData((bytes) => transactions.hear(bytes)),
      port.onOpen(() => transactions.begin()),
      port.onLost((reason) => transactions.lose(reason)),
    ];
  }

  /** The way to one more instrument of the line. */
  link(options: LinkOptions): Link {
    const pauseMs = options.framing.pauseMs?.(this.#characterMs) || 0;
    return new Link(this.port, this.#clock, this.#transactions, options, pauseMs);
  }

  /** Leaves the port to others: all links are closed. */
  close(): void {
    this.#transactions.close();
    for (const end of this.#ends) end();
  }
}
