import { type Logger, MEMBER, type Member, type MemberCore } from '../base/index.ts';
import type { Period, Ticks } from './every.ts';
import type { TaskOptions } from './options.ts';

/** What pydase's clients know; `RUNNING` also while waiting to restart. */
export type TaskStatus = 'RUNNING' | 'NOT_RUNNING';
/** systemd's words. */
export type TaskState = 'inactive' | 'activating' | 'active' | 'auto-restart' | 'deactivating' | 'failed';
/** How the last run ended. */
export type TaskResult = 'success' | 'exception' | 'watchdog' | 'start-limit-hit' | 'timeout';

export interface TaskError {
  readonly message: string;
  readonly name: string;
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

export type TaskBody = (context: TaskContext) => Promise<void>;

/** The handle of a task. */
export class Task implements Member {
  readonly [MEMBER]: MemberCore;
  constructor(core: MemberCore) {
    this[MEMBER] = core;
  }
  start(): void {
    throw new Error('not yet');
  }
  stop(): Promise<void> {
    throw new Error('not yet');
  }
  restart(): void {
    throw new Error('not yet');
  }
  get status(): TaskStatus {
    return 'NOT_RUNNING';
  }
  get state(): TaskState {
    return 'inactive';
  }
  get result(): TaskResult {
    return 'success';
  }
  /** Since the last manual start. */
  get restarts(): number {
    return 0;
  }
  get lastError(): TaskError | null {
    return null;
  }
  get activeSince(): string | null {
    return null;
  }
  get nextStartAt(): string | null {
    return null;
  }
}

/** Declares a task of a service. */
export function task(_options: TaskOptions, _body: TaskBody): Task {
  return new Task(undefined as never);
}
