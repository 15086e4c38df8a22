import { abortError } from '../base/index.ts';

/**
 * What of earlier openings is not over: connections that are being closed, attempts that were given up and may hang in a
 * driver. Until they are gone the port cannot be opened again.
 */
export class Leftovers {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  /** Adds one that is gone when the promise is settled. */
  add(ending: Promise<unknown>): void {
    this.#count++;
    const gone = (): void => {
      this.#count--;
      if (this.#count === 0) for (const waiter of [...this.#waiting]) waiter();
    };
    ending.then(gone, gone);
  }

  /** Resolves when all are gone. Who gives up waiting leaves nothing behind, however long they stay. */
  gone(what: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(abortError(what, signal));
      if (this.#count === 0) return resolve();
      const forget = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', onAbort);
      };
      const done = (): void => {
        forget();
        resolve();
      };
      const onAbort = (): void => {
        forget();
        reject(abortError(what, signal));
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
