import type { Clock, Logger } from '../base/index.ts';
import { LabwireError } from '../base/index.ts';
import type { TaskEvent } from '../task/index.ts';
import type { DataService } from './data-service.ts';
import type { SettingValue } from './value-rules.ts';

export interface ServiceHostOptions {
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly log?: Logger;
  /** Where settings are kept over a restart; none are without it. */
  readonly stateFile?: string;
  readonly onTaskEvent?: (path: string, event: TaskEvent) => void;
  /** A task with `exitOnFailure` is `failed`. */
  readonly onExit?: (path: string, error: Error) => void;
}

/** Runs a service: its autostart tasks, its kept settings, the services that come and go. */
export class ServiceHost {
  constructor(_root: DataService, _options: ServiceHostOptions = {}) {}

  /** Binds every task, loads kept settings, starts the autostart tasks. */
  start(): Promise<void> {
    throw new LabwireError('INTERNAL', 'not yet');
  }

  /** Stops all tasks in parallel, each within `capSec` seconds. Never rejects, never hangs. */
  stop(_capSec = 2): Promise<void> {
    throw new LabwireError('INTERNAL', 'not yet');
  }

  /** A setting's value as the configuration has it, undefined when no longer. May be called before the setting exists. */
  configureSetting(_path: string, _value: SettingValue | undefined): void {
    throw new LabwireError('INTERNAL', 'not yet');
  }
}
