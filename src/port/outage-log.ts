import { LabwireError, type Logger } from '../base/index.ts';

/** Errors that are news even in an outage that the log knows of: they wait for a person. */
const NEWS = new Set(['PORT_DENIED', 'PORT_BUSY', 'PORT_AMBIGUOUS']);

/**
 * What of a port's ups and downs the log tells: one line when it is gone, one when it is back. Each attempt between,
 * and each further round of a port that comes and goes, is at `debug`.
 */
export class OutageLog {
  readonly #log: Logger;
  readonly #name: string;
  /** Codes of the errors told since the port was last well. */
  readonly #told = new Set<string>();
  /** The log's last word on the port is that it is gone. */
  #gone = false;
  #everOpen = false;

  constructor(log: Logger, name: string) {
    this.#log = log;
    this.#name = name;
  }

  /** The port had been well for a while: its next failure is told. */
  begin(): void {
    this.#told.clear();
  }

  failed(reason: Error): void {
    const code = reason instanceof LabwireError ? reason.code : reason.name;
    if (this.#told.size > 0 && (this.#told.has(code) || !NEWS.has(code))) {
      this.#log.debug({ err: reason }, reason.message);
      return;
    }
    this.#told.add(code);
    this.#gone = true;
    this.#log.warn({ err: reason }, reason.message);
  }

  opened(): void {
    const opened = `${this.#name} is open${this.#everOpen ? ' again' : ''}`;
    if (this.#gone) this.#log.info(opened);
    else this.#log.debug(opened);
    this.#everOpen = true;
    this.#gone = false;
  }

  /** It is open but gives no answers, as with an instrument that is off: whose task tells that already. */
  reopened(reason: Error): void {
    this.#log.debug({ err: reason }, `${this.#name} is open but gives no answers: it is opened anew`);
  }
}
