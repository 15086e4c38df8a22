import { abortError, type Clock, type Timer } from '../../base/index.ts';

interface Wait {
  readonly condition: () => boolean;
  settle(error?: Error): void;
}

/** Those who wait for something to become true of one connection; each look and the end of the connection settles them. */
export class ConditionWaits {
  readonly #what: string;
  readonly #clock: Clock;
  readonly #waits = new Set<Wait>();
  #ended: Error | undefined;

  /** @param what is waited for, for the error of a wait that is given up */
  constructor(what: string, clock: Clock) {
    this.#what = what;
    this.#clock = clock;
  }

  /** Whether the condition held in time. @throws the reason of `end()`, or ABORTED by the signal */
  until(condition: () => boolean, limitMs: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      if (signal?.aborted) return reject(abortError(this.#what, signal));
      if (condition()) return resolve(true);
      let limit: Timer | undefined;
      const leave = (): void => {
        limit?.cancel();
        this.#waits.delete(wait);
        signal?.removeEventListener('abort', onAbort);
      };
      const wait: Wait = {
        condition,
        settle: (error) => {
          leave();
          if (error) reject(error);
          else resolve(true);
        },
      };
      const onAbort = (): void => wait.settle(abortError(this.#what, signal));
      this.#waits.add(wait);
      signal?.addEventListener('abort', onAbort, { once: true });
      limit = this.#clock.setTimer(() => {
        leave();
        resolve(false);
      }, limitMs);
    });
  }

  /** After whatever may have made a condition true. */
  look(): void {
    if (this.#waits.size === 0) return;
    for (const wait of [...this.#waits]) if (wait.condition()) wait.settle();
  }

  /** Nothing will become true any more. */
  end(reason: Error): void {
    this.#ended ??= reason;
    for (const wait of [...this.#waits]) wait.settle(reason);
  }
}
