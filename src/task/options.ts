import type { TaskContext } from './task.ts';

/** Options of a task, named after systemd's. Times are in seconds. */
export interface TaskOptions {
  /** Started when the server starts, and when its service is added to a running server. Default false. */
  readonly autostart?: boolean | undefined;
  /** Run the body again after it threw. Default true. systemd: `Restart=on-failure`. */
  readonly restartOnException?: boolean | undefined;
  /** From a failure to the next run, >= 0. Default 1. systemd: `RestartSec=`. */
  readonly restartSec?: number | undefined;
  /** Steps in which the delay grows to restartMaxDelaySec; 0 = always restartSec. Default 0. systemd: `RestartSteps=`. */
  readonly restartSteps?: number | undefined;
  /** The longest delay. Default restartSec. systemd: `RestartMaxDelaySec=`. */
  readonly restartMaxDelaySec?: number | undefined;
  /** Up to this much random extra, >= 0. Default 0. systemd (timers): `RandomizedDelaySec=`. */
  readonly restartRandomizedDelaySec?: number | undefined;
  /** Rolling window in which restarts are counted. Default off. systemd: `StartLimitIntervalSec=`. */
  readonly startLimitIntervalSec?: number | undefined;
  /** Restarts allowed within that window; the next one is refused. Default 3. systemd: `StartLimitBurst=`. */
  readonly startLimitBurst?: number | undefined;
  /** Waits for what the body needs, before each run of it. Not configurable by a site. systemd: `ExecStartPre=`. */
  readonly startPre?: ((context: TaskContext) => Promise<void>) | undefined;
  /** When the task ends in `failed`, the process shuts down with exit status 1. Default false. systemd: `FailureAction=exit`. */
  readonly exitOnFailure?: boolean | undefined;
  /** The longest that the body may work between two waits or notify(), > 0. Default off. systemd: `WatchdogSec=`. */
  readonly watchdogSec?: number | undefined;
  /** How long a stop waits for the body, >= 0. Default 5. systemd: `TimeoutStopSec=`. */
  readonly timeoutStopSec?: number | undefined;
  /** Shown to clients. Not configurable by a site. systemd: `Description=`. */
  readonly doc?: string | undefined;
}

/** The options in force: every layer merged, every default filled in. */
export interface ResolvedTaskOptions {
  readonly autostart: boolean;
  readonly restartOnException: boolean;
  readonly restartSec: number;
  readonly restartSteps: number;
  readonly restartMaxDelaySec: number;
  readonly restartRandomizedDelaySec: number;
  readonly startLimitIntervalSec: number | undefined;
  readonly startLimitBurst: number;
  readonly exitOnFailure: boolean;
  readonly watchdogSec: number | undefined;
  readonly timeoutStopSec: number;
  readonly doc: string;
}
