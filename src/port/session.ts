import type { Connection } from './connection.ts';

/** One opening of a port, from its first byte to its last. What an earlier one still has to say is not heard. */
export class Session {
  connection: Connection | undefined;
  /** Why the connection broke, which it may tell before its opening is over. */
  lost: Error | undefined;
  #ended: Error | undefined;
  readonly #waiting = new Set<(reason: Error) => void>();

  /**
   * Settles as `promise` does, but rejects when the session ends: nobody waits on a connection that is no more, whether
   * its driver tells of it or not.
   */
  during<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#ended) reject(this.#ended);
      else this.#waiting.add(reject);
      promise.then(
        (value) => {
          this.#waiting.delete(reject);
          resolve(value);
        },
        (error: unknown) => {
          this.#waiting.delete(reject);
          reject(error);
        },
      );
    });
  }

  end(reason: Error): void {
    this.#ended ??= reason;
    for (const reject of this.#waiting) reject(reason);
    this.#waiting.clear();
  }
}
