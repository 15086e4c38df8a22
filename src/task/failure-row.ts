import { type Clock, codeOf, type Logger } from '../base/index.ts';
import type { TaskEvent } from './control.ts';

/** Where a row of failures is told. */
export interface Reporter {
  /** e.g. `Task cryostat.acquire`. */
  readonly name: string;
  readonly log: Logger;
  readonly clock: Clock;
  event?(event: TaskEvent): void;
}

/**
 * Tells failures by change of state: the first of a row, the recovery, and the end in `failed`. An instrument that is
 * off for a weekend writes two lines.
 */
export class FailureRow {
  #failures = 0;
  /** Of the first failure; monotonic, in ms. */
  #since = 0;
  #last = '';

  /** A failure was told and no recovery yet. */
  get open(): boolean {
    return this.#failures > 0;
  }

  /** A manual start: a new story begins. */
  reset(): void {
    this.#failures = 0;
  }

  failed(to: Reporter, error: Error, next: string): void {
    this.#last = error.message;
    if (++this.#failures > 1) {
      to.log.debug({ err: error }, `failed again; ${next}`);
      return;
    }
    this.#since = to.clock.monotonic();
    to.log.warn({ err: error }, `failed: ${error.message}; ${next}`);
    to.event?.({
      severity: 'warning',
      code: codeOf(error) ?? 'TASK_FAILURE',
      title: `${to.name} failed`,
      text: `${error.message}; ${next}`,
    });
  }

  recovered(to: Reporter): void {
    if (!this.open) return;
    const failures = this.#failures === 1 ? '1 failure' : `${this.#failures} failures`;
    const outage = `after ${inWords((to.clock.monotonic() - this.#since) / 1000)} and ${failures}`;
    this.reset();
    to.log.info(`works again ${outage}`);
    to.event?.({
      severity: 'info',
      code: 'TASK_RECOVERED',
      title: `${to.name} works again`,
      text: `It works again ${outage}, the last of them: ${this.#last}`,
    });
  }

  gaveUp(to: Reporter, error: Error, why: string): void {
    this.reset();
    to.log.error({ err: error }, `will not run again by itself: ${why}: ${error.message}`);
    to.event?.({
      severity: 'error',
      code: codeOf(error) ?? 'TASK_FAILURE',
      title: `${to.name} will not run again by itself`,
      text: `${why}: ${error.message}`,
    });
  }
}

const UNITS = [
  { name: 'd', seconds: 86_400 },
  { name: 'h', seconds: 3600 },
  { name: 'min', seconds: 60 },
] as const;

/** Seconds as people say them: `1.5 s`, `48 h`, in a unit of which there are at least two. */
function inWords(seconds: number): string {
  const unit = UNITS.find((larger) => seconds >= 2 * larger.seconds) ?? { name: 's', seconds: 1 };
  const value = seconds / unit.seconds;
  return `${value < 10 ? Number(value.toPrecision(2)) : Math.round(value)} ${unit.name}`;
}
