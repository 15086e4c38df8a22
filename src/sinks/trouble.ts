import type { LabwireError, Logger } from '../base/index.ts';

/** Logs a trouble when it begins and when it changes its kind, and says once that it is over; never each retry. */
export class Trouble {
  readonly #log: Logger;
  #kind: string | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  report(error: LabwireError): void {
    if (this.#kind === error.code) return;
    this.#kind = error.code;
    // What a server refuses needs somebody's hand; one that is away usually comes back.
    if (error.code === 'SINK_REFUSED') this.#log.error({ err: error }, error.message);
    else this.#log.warn({ err: error }, error.message);
  }

  over(message: string): void {
    if (this.#kind === '') return;
    this.#kind = '';
    this.#log.info(message);
  }
}
