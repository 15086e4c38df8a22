import {
  type Clock,
  isMember,
  LabwireError,
  type Logger,
  MEMBER,
  type MemberCore,
  silentLogger,
  sleep,
  systemClock,
} from '../base/index.ts';
import { type Task, type TaskControl, type TaskEvent, taskControl } from '../task/index.ts';
import type { DataService } from './data-service.ts';
import { KeptSettings } from './kept-settings.ts';
import type { SettingCore } from './setting-core.ts';
import { StateFile } from './state-file.ts';
import type { Exposed } from './tree.ts';
import { TreeWatch } from './tree-watch.ts';
import type { SettingValue } from './value-rules.ts';

export interface ServiceHostOptions {
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly log?: Logger;
  /** The log of the task with this path; default `log`. */
  readonly logFor?: (path: string) => Logger;
  /** Where settings are kept over a restart; none are without it. */
  readonly stateFile?: string;
  readonly onTaskEvent?: (path: string, event: TaskEvent) => void;
  /** A task with `exitOnFailure` is `failed`. */
  readonly onExit?: (path: string, error: Error) => void;
}

/** What the kept settings get at the stop, also when the tasks have used up all its time. */
const LEAST_FLUSH_MS = 250;

/** Runs a service: its autostart tasks, its kept settings, the services that come and go. */
export class ServiceHost {
  readonly #options: ServiceHostOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #watch: TreeWatch;
  readonly #file: StateFile | undefined;
  readonly #settings: KeptSettings;
  readonly #tasks = new Set<TaskControl>();
  /** Tasks of services that were removed, until they have ended. */
  readonly #leaving = new Set<TaskControl>();
  /** Those that have ended, while others are still leaving. */
  readonly #gone = new Set<TaskControl>();
  #stopped = false;

  constructor(root: DataService, options: ServiceHostOptions = {}) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLogger;
    const { stateFile } = options;
    if (stateFile !== undefined) this.#file = new StateFile(stateFile, { clock: this.#clock, log: this.#log });
    this.#settings = new KeptSettings(this.#file, this.#log);
    this.#watch = new TreeWatch(root, {
      added: (node, path) => this.#added(node, path),
      removed: (node, path) => this.#removed(node, path),
      moved: (node, path) => this.#moved(node, path),
      // What else changes is none of its business, and there is much of it.
      watches: (member) => isSetting(member[MEMBER]),
      changed: (member, path, _, value) => {
        const core = member[MEMBER];
        if (isSetting(core)) this.#settings.changed(path, core, value as SettingValue);
      },
      settled: (nodes) => this.#start(nodes),
    });
  }

  /** Loads the kept settings, gives every member its path, and starts the autostart tasks in declaration order. */
  async start(): Promise<void> {
    await this.#file?.load();
    if (!this.#stopped) this.#watch.start();
  }

  /**
   * Stops all tasks at once, each within `capSec` seconds, and writes the kept settings. Never rejects, never hangs.
   *
   * @returns the paths of the tasks whose bodies had to be abandoned
   */
  async stop(capSec = 2): Promise<string[]> {
    this.#stopped = true;
    this.#watch.stop();
    const end = this.#clock.monotonic() + capSec * 1000;
    const abandoned = await this.#stopTasks(capSec);
    for (const control of [...this.#tasks, ...this.#leaving, ...this.#gone]) control.reopen();
    await this.#flush(Math.max(LEAST_FLUSH_MS, end - this.#clock.monotonic()));
    return abandoned;
  }

  /**
   * A setting's value as the configuration has it; undefined when it says nothing of it any more. May be called before
   * the setting exists. A value that was set at run time wins until this one changes.
   *
   * @throws LabwireError VALUE_INVALID if the setting is there and does not take the value
   */
  configureSetting(path: string, value: SettingValue | undefined): void {
    this.#settings.configure(path, value);
  }

  async #stopTasks(capSec: number): Promise<string[]> {
    const stops = [...this.#tasks, ...this.#leaving].map(async (control) =>
      (await control.stopWithin(capSec)) ? [] : [control.path],
    );
    return (await Promise.all(stops)).flat();
  }

  #added(node: Exposed, path: string): void {
    if (!isMember(node)) return;
    const core = node[MEMBER];
    core.path = path;
    if (isSetting(core)) this.#settings.added(path, core);
    if (!isTask(node)) return;
    const control = taskControl(node);
    this.#tasks.add(control);
    this.#leaving.delete(control);
    control.reopen();
    this.#bind(control, path);
    for (const warning of control.warnings()) this.#logFor(path).warn(warning);
  }

  /** Members are all bound and have their kept values before the first task runs. */
  #start(nodes: readonly Exposed[]): void {
    for (const node of nodes) if (isTask(node) && taskControl(node).options.autostart) node.start();
  }

  #removed(node: Exposed, path: string): void {
    if (isTask(node)) {
      const control = taskControl(node);
      this.#tasks.delete(control);
      this.#leaving.add(control);
      void control.stopWithin(Number.POSITIVE_INFINITY).then(() => this.#left(control));
    } else if (isMember(node)) this.#settings.removed(path);
  }

  /** When all tasks of removed services have ended, so that none starts another, they are their owners' alone. */
  #left(control: TaskControl): void {
    if (this.#stopped) return;
    this.#leaving.delete(control);
    this.#gone.add(control);
    if (this.#leaving.size > 0) return;
    for (const gone of this.#gone) if (!this.#tasks.has(gone)) gone.reopen();
    this.#gone.clear();
  }

  #moved(node: Exposed, path: string): void {
    if (!isMember(node)) return;
    const core = node[MEMBER];
    if (isSetting(core)) this.#settings.moved(core.path, path, core);
    core.path = path;
    if (isTask(node)) this.#bind(taskControl(node), path);
  }

  #bind(task: TaskControl, path: string): void {
    const { random, onTaskEvent, onExit } = this.#options;
    task.bind(path, {
      clock: this.#clock,
      random: random ?? Math.random,
      log: this.#logFor(path),
      event: (event) => onTaskEvent?.(path, event),
      exit: (failed, cause) => {
        const message = `Task ${failed} failed, and its exitOnFailure ends the process: ${cause.message}`;
        onExit?.(failed, new LabwireError('TASK_FAILED', message, { cause }));
      },
    });
  }

  #logFor(path: string): Logger {
    return this.#options.logFor?.(path) ?? this.#log;
  }

  /** A disk that hangs must not hold up the stop. */
  async #flush(limitMs: number): Promise<void> {
    if (!this.#file) return;
    const over = new AbortController();
    const limit = sleep(this.#clock, limitMs, over.signal).then(
      () => this.#log.error('the kept settings could not be written in time'),
      () => {},
    );
    await Promise.race([this.#file.flush(), limit]);
    over.abort();
  }
}

/** By kind, not by class: a driver may bring its own copy of labwire. */
const isSetting = (core: MemberCore): core is SettingCore => core.kind === 'setting';

const isTask = (node: Exposed): node is Task => isMember(node) && node[MEMBER].kind === 'task';
