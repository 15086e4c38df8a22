import type { LabwireError } from '../../base/index.ts';
import type { Port } from '../port.ts';

/** Failed transactions in a row after which the port is flushed, again and again. */
const FLUSH_AFTER = 3;
/** Failed transactions in a row after which the port is opened anew; each further time after twice as many. */
const REOPEN_AFTER = 6;
/** For how long an answer shows that the port is not what ails an instrument that was silent before it already. */
const VOUCHES_MS = 600_000;

/**
 * What is tried with a port that is open but gives no answers. Counted over the runs of its tasks and all links of the
 * line: a hung adapter is one cause, an instrument that is switched off another, and that one must not have its port
 * opened anew all night, nor from under those that answer.
 */
export class Ladder {
  readonly #port: Port;
  #failures = 0;
  #reopenAt = REOPEN_AFTER;
  /** Monotonic, in ms. */
  #workedMs = Number.NEGATIVE_INFINITY;

  constructor(port: Port) {
    this.#port = port;
  }

  worked(nowMs: number): void {
    this.#failures = 0;
    this.#reopenAt = REOPEN_AFTER;
    this.#workedMs = nowMs;
  }

  /**
   * An emulated port never hangs: reopening it helps nobody.
   *
   * @param silentSinceMs when the one that failed was first asked in vain; an answer to another after that shows that
   *   the port works, and that the instrument is off
   */
  failed(error: LabwireError, silentSinceMs: number, nowMs: number): void {
    if (this.#workedMs > silentSinceMs && nowMs - this.#workedMs < VOUCHES_MS) return;
    this.#failures++;
    if (this.#port.simulated || this.#port.state !== 'open') return;
    if (this.#failures >= this.#reopenAt) {
      this.#reopenAt *= 2;
      this.#port.reopen(error);
    } else if (this.#failures % FLUSH_AFTER === 0) {
      // A flush that fails is the loss of the port, which tells it itself.
      this.#port.flush().catch(() => {});
    }
  }
}
