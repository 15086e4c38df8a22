import { LabwireError, type Logger } from '../base/index.ts';
import type { TaskEvent } from './control.ts';

/** Where a row of failures is told. */
export interface Reporter {
  /** e.g. `Task cryostat.acquire`. */
  readonly name: string;
  readonly log: Logger;
  event?(event: TaskEvent): void;
}

/**
 * Tells failures by change of state: the first of a row, the recovery, and the end in `failed`. An instrument that is
 * off for a weekend writes two lines.
 */
export class FailureRow {
  #open = false;

  /** A failure was told and no recovery yet. */
  get open(): boolean {
    return this.#open;
  }

  /** A manual start: a new story begins. */
  reset(): void {
    this.#open = false;
  }

  failed(to: Reporter, error: Error, next: string): void {
    if (this.#open) {
      to.log.debug({ err: error }, `failed again; ${next}`);
      return;
    }
    this.#open = true;
    to.log.warn({ err: error }, `failed: ${error.message}; ${next}`);
    to.event?.({
      severity: 'warning',
      code: codeOf(error),
      title: `${to.name} failed`,
      text: `${error.message}; ${next}`,
    });
  }

  recovered(to: Reporter): void {
    if (!this.#open) return;
    this.#open = false;
    to.log.info('works again');
    to.event?.({ severity: 'info', code: 'TASK_RECOVERED', title: `${to.name} works again`, text: '' });
  }

  gaveUp(to: Reporter, error: Error, why: string): void {
    this.#open = false;
    to.log.error({ err: error }, `will not run again by itself: ${why}: ${error.message}`);
    to.event?.({
      severity: 'error',
      code: codeOf(error),
      title: `${to.name} will not run again by itself`,
      text: `${why}: ${error.message}`,
    });
  }
}

const codeOf = (error: Error): string => (error instanceof LabwireError ? error.code : 'TASK_FAILURE');
