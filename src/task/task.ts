import { MEMBER, type Member } from '../base/index.ts';
import type { TaskBody, TaskError, TaskResult, TaskState, TaskStatus } from './context.ts';
import type { TaskControl } from './control.ts';
import { Lifecycle } from './lifecycle.ts';
import type { TaskOptions } from './options.ts';

/** The handle of a task. */
export class Task implements Member {
  readonly [MEMBER]: TaskControl;
  readonly #life: Lifecycle;

  constructor(life: Lifecycle) {
    this.#life = life;
    this[MEMBER] = life;
  }

  /**
   * Starts the task; does nothing while it is active or waits to restart. After a `stop()` it waits for the end of the
   * body.
   */
  start(): void {
    this.#life.start();
  }

  /**
   * Aborts the signal of the body. Settles, and never rejects, when the body has ended or was abandoned after
   * `timeoutStopSec`. A body ends itself by returning, not by awaiting this.
   */
  stop(): Promise<void> {
    return this.#life.stop();
  }

  /** A `stop()` if it runs, then a `start()`; ends the wait for an automatic restart. */
  restart(): void {
    this.#life.restart();
  }

  get status(): TaskStatus {
    return this.#life.board.values.status;
  }

  get state(): TaskState {
    return this.#life.board.values.state;
  }

  get result(): TaskResult {
    return this.#life.board.values.result;
  }

  /** Automatic restarts since the last manual start. */
  get restarts(): number {
    return this.#life.board.values.restarts;
  }

  get lastError(): TaskError | null {
    return this.#life.board.values.lastError;
  }

  /** ISO wall time since when the body runs; null when it does not. */
  get activeSince(): string | null {
    return this.#life.board.values.activeSince;
  }

  /** ISO wall time of the next run in `auto-restart`; else null. */
  get nextStartAt(): string | null {
    return this.#life.board.values.nextStartAt;
  }
}

/**
 * Declares a task of a service.
 *
 * @throws LabwireError TASK_OPTION
 */
export function task(options: TaskOptions, body: TaskBody): Task {
  return new Task(new Lifecycle(options, body));
}

/** The owner's side of a task. */
export function taskControl(task: Task): TaskControl {
  return task[MEMBER];
}
