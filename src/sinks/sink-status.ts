import { type Clock, isoTime, Listeners } from '../base/index.ts';
import type { Journal } from '../journal/index.ts';
import { Rate } from './rate.ts';
import type { DeadLetter, SinkStatus } from './sink.ts';

/** How many of what a server refused are kept and shown. */
const LETTERS = 10;
const LONGEST_LETTER = 500;

/** Keeps what a sink says about itself, and tells its listeners of every change that they care for. */
export class StatusBoard {
  delivered = 0;
  readonly #name: string;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #rate: Rate;
  readonly #listeners = new Listeners<[]>();
  readonly #letters: DeadLetter[] = [];
  #connected = false;
  #retries = 0;
  #refused = 0;
  #lastError: string | null = null;

  constructor(name: string, journal: Journal, clock: Clock) {
    this.#name = name;
    this.#journal = journal;
    this.#clock = clock;
    this.#rate = new Rate(clock.monotonic());
  }

  get status(): SinkStatus {
    const oldest = this.#journal.oldest(this.#name);
    const lagSeconds = oldest === undefined ? 0 : Math.max(0, this.#clock.now() - oldest) / 1e6;
    const rate = this.#rate.look(this.#clock.monotonic(), this.delivered);
    return {
      connected: this.#connected,
      lag: this.#journal.lag(this.#name),
      lagSeconds: Math.round(lagSeconds * 1000) / 1000,
      rate: Math.round(rate * 10) / 10,
      delivered: this.delivered,
      retries: this.#retries,
      dropped: this.#refused + this.#journal.dropped(this.#name),
      deadLetters: { count: this.#refused, last: [...this.#letters] },
      lastError: this.#lastError,
    };
  }

  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Connected anew, which ends the trouble there was. */
  healthy(): void {
    if (this.#connected) return;
    this.#connected = true;
    this.#lastError = null;
    this.#listeners.tell();
  }

  disconnected(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#listeners.tell();
  }

  /** An attempt failed and will be made again. */
  retry(error: string): void {
    this.#connected = false;
    this.#retries++;
    this.#lastError = error;
    this.#listeners.tell();
  }

  /**
   * The server refused something for good.
   *
   * @param refused what it was; the newest are kept
   */
  refuse(count: number, error: string, refused: readonly string[] = []): void {
    this.#refused += count;
    const time = isoTime(this.#clock.now());
    for (const text of refused.slice(-LETTERS)) {
      const shown = text.length > LONGEST_LETTER ? `${text.slice(0, LONGEST_LETTER)}…` : text;
      this.#letters.push({ time, reason: error, text: shown });
    }
    this.#letters.splice(0, this.#letters.length - LETTERS);
    // Told once for each complaint: what hears of it may itself be refused, and so never end.
    if (this.#lastError === error) return;
    this.#lastError = error;
    this.#listeners.tell();
  }
}
