import type { LabwireError, Logger } from '../base/index.ts';

/** Of one kind of trouble: what is said beyond is no news, but text that is another each time. */
const MOST_TOLD = 20;

/** Logs a trouble when it begins and when it becomes another, and says once that it is over; never each retry. */
export class Trouble {
  readonly #log: Logger;
  #kind: string | undefined;
  /** What was logged of this kind; numbers apart, since ports, times and counts differ from one retry to the next. */
  readonly #told = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  report(error: LabwireError): void {
    if (this.#kind !== error.code) this.#told.clear();
    this.#kind = error.code;
    const said = error.message.replace(/\d+/g, '0');
    if (this.#told.has(said) || this.#told.size >= MOST_TOLD) return;
    this.#told.add(said);
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
