import { didYouMean, LabwireError, show } from '../base/index.ts';
import type { TaskContext } from './context.ts';

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
  readonly startPre: TaskOptions['startPre'];
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

/** Options of one origin: the driver, the catalogue, the site's configuration. */
export interface OptionLayer {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

interface OptionRule {
  readonly takes: string;
  readonly accepts: (value: unknown) => boolean;
  /** Fixed by the driver: no other layer may have it. */
  readonly driverOnly?: true;
}

const flag: OptionRule = { takes: 'true or false', accepts: (value) => typeof value === 'boolean' };
const seconds: OptionRule = {
  takes: 'a number of seconds, 0 or more',
  accepts: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
};
const count: OptionRule = {
  takes: 'a whole number, 0 or more',
  accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
};

const rules: { readonly [Name in keyof Required<TaskOptions>]: OptionRule } = {
  autostart: flag,
  restartOnException: flag,
  restartSec: seconds,
  restartSteps: count,
  restartMaxDelaySec: seconds,
  restartRandomizedDelaySec: seconds,
  startLimitIntervalSec: seconds,
  startLimitBurst: count,
  startPre: { takes: 'a function', accepts: (value) => typeof value === 'function', driverOnly: true },
  exitOnFailure: flag,
  watchdogSec: { takes: 'a number of seconds above 0', accepts: (value) => seconds.accepts(value) && value !== 0 },
  timeoutStopSec: seconds,
  doc: { takes: 'a text', accepts: (value) => typeof value === 'string', driverOnly: true },
};

/** What is wrong with one option: the end of a sentence that begins with its name. */
export interface OptionFault {
  readonly text: string;
  readonly of: 'name' | 'value';
}

/**
 * What is wrong with one option by itself; undefined if nothing is.
 *
 * @param shown the value in words, where it must not be shown itself
 */
export function optionFault(
  name: string,
  value: unknown,
  { byDriver = false, shown }: { readonly byDriver?: boolean; readonly shown?: string } = {},
): OptionFault | undefined {
  const rule = Object.hasOwn(rules, name) ? rules[name as keyof TaskOptions] : undefined;
  if (!rule) return { of: 'name', text: unknownOption(name, byDriver) };
  if (rule.driverOnly && !byDriver) return { of: 'name', text: 'can only be set by the driver' };
  if (value === undefined || rule.accepts(value)) return undefined;
  return { of: 'value', text: `takes ${rule.takes}, not ${shown ?? show(value)}` };
}

function unknownOption(name: string, byDriver: boolean): string {
  const known = Object.entries(rules).flatMap(([option, { driverOnly }]) => (driverOnly && !byDriver ? [] : option));
  const meant = didYouMean(name, known);
  return meant ? `is unknown.${meant}` : `is unknown; a task takes ${known.join(', ')}`;
}

/**
 * Merges the layers key by key, the later one wins; the first layer is the driver's own.
 *
 * @param task names the task in messages, e.g. `Task cryostat.acquire`
 * @throws LabwireError TASK_OPTION
 */
export function resolveOptions(task: string, layers: readonly OptionLayer[]): ResolvedTaskOptions {
  const merged: Record<string, unknown> = {};
  const origin = new Map<string, string>();
  layers.forEach((layer, index) => {
    for (const [name, value] of Object.entries(layer.options)) {
      const fault = optionFault(name, value, { byDriver: index === 0 });
      if (fault) throw invalid(`${task}: option ${name} (from ${layer.name}) ${fault.text}`);
      if (value === undefined) continue;
      merged[name] = value;
      origin.set(name, layer.name);
    }
  });
  const given = merged as TaskOptions;
  const restartSec = given.restartSec ?? 1;
  const resolved: ResolvedTaskOptions = {
    autostart: given.autostart ?? false,
    restartOnException: given.restartOnException ?? true,
    startPre: given.startPre,
    restartSec,
    restartSteps: given.restartSteps ?? 0,
    restartMaxDelaySec: given.restartMaxDelaySec ?? restartSec,
    restartRandomizedDelaySec: given.restartRandomizedDelaySec ?? 0,
    startLimitIntervalSec: given.startLimitIntervalSec,
    startLimitBurst: given.startLimitBurst ?? 3,
    exitOnFailure: given.exitOnFailure ?? false,
    watchdogSec: given.watchdogSec,
    timeoutStopSec: given.timeoutStopSec ?? 5,
    doc: given.doc ?? '',
  };
  const contradiction = findContradiction(resolved, given.restartMaxDelaySec !== undefined);
  if (contradiction) {
    const values = (['restartSec', 'restartSteps', 'restartMaxDelaySec'] as const)
      .filter((name) => resolved[name] !== 0 || origin.has(name))
      .map((name) => `${name} ${resolved[name]} (from ${origin.get(name) ?? 'the default'})`);
    throw invalid(`${task}: ${contradiction}: ${values.join(', ')}`);
  }
  return resolved;
}

function findContradiction(options: ResolvedTaskOptions, maxGiven: boolean): string | undefined {
  const { restartSec, restartSteps, restartMaxDelaySec } = options;
  if (restartMaxDelaySec < restartSec) return 'restartMaxDelaySec is below restartSec';
  if (restartSteps > 0 && restartSec === 0) return 'restartSteps cannot grow a delay from a restartSec of 0';
  if (restartSteps > 0 && !maxGiven) return 'restartSteps needs a restartMaxDelaySec to grow to';
  if (restartSteps === 0 && restartMaxDelaySec > restartSec) {
    return 'restartMaxDelaySec is above restartSec, and without restartSteps no delay ever grows to it';
  }
  return undefined;
}

const invalid = (message: string): LabwireError => new LabwireError('TASK_OPTION', message);
