import { Listeners } from '../base/index.ts';
import type { Journal } from '../journal/index.ts';
import type { SinkStatus } from './sink.ts';

/** Keeps what a sink says about itself, and tells its listeners of every change that they care for. */
export class StatusBoard {
  delivered = 0;
  readonly #name: string;
  readonly #journal: Journal;
  readonly #listeners = new Listeners<[]>();
  #connected = false;
  #retries = 0;
  #refused = 0;
  #skipped = 0;
  #lastError: string | null = null;

  constructor(name: string, journal: Journal) {
    this.#name = name;
    this.#journal = journal;
  }

  get status(): SinkStatus {
    return {
      connected: this.#connected,
      lag: this.#journal.lag(this.#name),
      delivered: this.delivered,
      retries: this.#retries,
      dropped: this.#refused + this.#journal.dropped(this.#name),
      skipped: this.#skipped,
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

  /** The server refused something for good. */
  refuse(count: number, error: string): void {
    this.#refused += count;
    // Told once for each complaint: what hears of it may itself be refused, and so never end.
    if (this.#lastError === error) return;
    this.#lastError = error;
    this.#listeners.tell();
  }

  skip(count: number): void {
    this.#skipped += count;
  }
}
