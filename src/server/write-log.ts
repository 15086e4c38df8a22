import { Allowance, type Clock, type Logger, type Timer } from '../base/index.ts';
import type { Write } from '../service/index.ts';

/** Writes that are logged in a row, and then in each second; what is more is counted. */
const BURST = 500;
const PER_SECOND = 50;
/** What was only counted is told after this time at the latest. */
const TELL_AFTER_MS = 10_000;
/** Of a path or value, in characters. */
const LONGEST = 200;

/**
 * The record of who has changed what, in the log. A flood, which no use of an instrument makes, is told in numbers, so
 * that it can neither fill a disk nor hide what came before it.
 */
export class WriteLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #allowance: Allowance;
  #untold = 0;
  #timer: Timer | undefined;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    this.#allowance = new Allowance(clock, BURST, PER_SECOND);
  }

  /** To be told of every write. */
  note({ by, path, what, from, to, outcome }: Write): void {
    if (!this.#allowance.take()) {
      this.#untold++;
      this.#timer ??= this.#clock.setTimer(() => this.flush(), TELL_AFTER_MS);
      return;
    }
    const refused = outcome === 'done' ? undefined : outcome.message;
    const details = { by: by.name, via: by.via, from: brief(from), to: brief(to), refused };
    this.#log.info(details, `${what} ${brief(path)}${refused ? ' refused' : ''}`);
  }

  /** Tells of what was only counted; also to be called at the end. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#untold > 0) this.#log.warn(`${this.#untold} writes were too many to be logged one by one`);
    this.#untold = 0;
  }
}

/** A client may write a text of a megabyte, and a log is no place for it. */
function brief(value: unknown): unknown {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
  return typeof text === 'string' && text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : value;
}
