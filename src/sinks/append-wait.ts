import type { Clock } from '../base/index.ts';
import type { Journal } from '../journal/index.ts';

/** How one loop waits for what comes into the journal. */
export class AppendWait {
  readonly #journal: Journal;
  readonly #clock: Clock;
  /** The sequence at which the loop wants to be woken. */
  #wakeAt = Number.POSITIVE_INFINITY;
  #wake: () => void = () => {};
  #unsubscribe: () => void = () => {};

  constructor(journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }

  start(): void {
    this.#unsubscribe = this.#journal.onAppend(() => {
      if (this.#journal.head >= this.#wakeAt) this.#wake();
    });
  }

  stop(): void {
    this.#unsubscribe();
  }

  /** Ends the wait: there is another reason to look. */
  wake(): void {
    this.#wake();
  }

  /** Waits until the journal has a sequence, or the time has passed, or `wake()`. */
  until(sequence: number, limitMs = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#journal.head >= sequence || limitMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = limitMs < Number.POSITIVE_INFINITY && this.#clock.setTimer(() => this.#wake(), limitMs);
      this.#wakeAt = sequence;
      this.#wake = () => {
        this.#wakeAt = Number.POSITIVE_INFINITY;
        this.#wake = () => {};
        if (timer) timer.cancel();
        resolve();
      };
    });
  }
}
