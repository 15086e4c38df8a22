import type { LabwireError } from '../base/index.ts';
import type { Port } from './port.ts';

/** Failed transactions in a row after which the port is flushed, again and again. */
const FLUSH_AFTER = 3;
/** Failed transactions in a row after which the port is opened anew; each further time after twice as many. */
const REOPEN_AFTER = 6;

/**
 * What is tried with a port that is open but gives no answers. Counted over the runs of its tasks: a hung adapter is one
 * cause, an instrument that is switched off another, and that one must not have its port opened anew all night.
 */
export class Ladder {
  readonly #port: Port;
  #failures = 0;
  #reopenAt = REOPEN_AFTER;

  constructor(port: Port) {
    this.#port = port;
  }

  worked(): void {
    this.#failures = 0;
    this.#reopenAt = REOPEN_AFTER;
  }

  /** An emulated port never hangs: reopening it helps nobody. */
  failed(error: LabwireError): void {
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
