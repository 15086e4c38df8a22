import type { ErrorCode, Logger } from '../base/index.ts';
import type { Period, Ticks } from './every.ts';

/** What pydase's clients know; `RUNNING` also while waiting to restart. */
export type TaskStatus = 'RUNNING' | 'NOT_RUNNING';
/** systemd's words. */
export type TaskState = 'inactive' | 'activating' | 'active' | 'auto-restart' | 'deactivating' | 'failed';
/** How the last run ended. */
export type TaskResult = 'success' | 'exception' | 'watchdog' | 'start-limit-hit' | 'timeout';

export interface TaskError {
  readonly message: string;
  readonly name: string;
  /** Of an error of labwire, e.g. `REPLY_TIMEOUT`; null of any other. */
  readonly code: ErrorCode | null;
  /** ISO wall time. */
  readonly time: string;
}

/** What a body gets. */
export interface TaskContext {
  /** Aborted by a stop, and when the run is over. */
  readonly signal: AbortSignal;
  /** Ticks at once and then on an absolute grid. */
  every(period: Period): Ticks;
  /** Waits; rejects at once when the task is stopped. */
  sleep(seconds: number): Promise<void>;
  /** The body is alive: systemd's watchdog ping. */
  notify(): void;
  readonly log: Logger;
}

export type TaskBody = (context: TaskContext) => Promise<unknown>;
