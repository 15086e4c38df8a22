import type { Clock, Logger, MemberCore } from '../base/index.ts';
import type { TaskContext } from './context.ts';
import type { ResolvedTaskOptions } from './options.ts';

/** Something about a task that people should hear of. */
export interface TaskEvent {
  readonly severity: 'info' | 'warning' | 'error';
  /** The code of the error (`TASK_FAILURE` if it has none), or `TASK_RECOVERED`. */
  readonly code: string;
  readonly title: string;
  readonly text: string;
}

/** What the outside gives a task. */
export interface TaskHost {
  readonly clock: Clock;
  /** Equally distributed in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** The first failure of a row, its recovery, the state `failed`. */
  event?(event: TaskEvent): void;
  /** A task with `exitOnFailure` is `failed`. */
  exit?(task: string, error: Error): void;
}

/** What the owner of a task (a server, a gateway, an instrument) may do with it, beyond its handle. */
export interface TaskControl extends MemberCore {
  /** Gives the task its path (for logs and errors) and its surroundings. May be called again. */
  bind(path: string, host: TaskHost): void;
  /**
   * Lays options over those of the driver; a later layer wins key by key; the same layer again replaces it.
   *
   * @throws LabwireError TASK_OPTION, which says where each value comes from; nothing is changed then
   */
  configure(layer: string, options: Record<string, unknown>): void;
  readonly options: ResolvedTaskOptions;
  /** What is allowed and yet makes no sense: a start limit that can never be reached. */
  warnings(): string[];
  /** Adds a wait before the driver's own `startPre`. */
  startPre(wait: (context: TaskContext) => Promise<void>): void;
  /** Ends an `auto-restart` wait, since its condition came anew; does nothing in any other state. */
  endRestartWait(): void;
  /** The same as `notify()` of the context, from outside of the body. */
  progress(): void;
  /**
   * Time alone no longer shows that a failing body works again, only a second tick, `notify()` or `progress()`: who listens
   * to something that is silent holds for long, and has heard nothing.
   */
  provenByProgress(): void;
  /** Ticks of `every` that were skipped since the last manual start. */
  readonly missedTicks: number;
  /**
   * A stop with `timeoutStopSec` capped, by an owner who wants the task to stay stopped: nothing that a body does starts
   * it again before `reopen()`. False if the body had to be abandoned. Never rejects.
   */
  stopWithin(capSec: number): Promise<boolean>;
  /** Heeds starts again, after `stopWithin()`. */
  reopen(): void;
}
