import { FakeClock, type Logger } from '../../src/base/index.ts';
import { type Task, type TaskBody, type TaskEvent, type TaskOptions, task, taskControl } from '../../src/task/index.ts';

export interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  readonly details: Record<string, unknown>;
  readonly message: string;
}

/** A logger that keeps its lines. */
export function memoryLogger(lines: Line[] = [], bindings: Record<string, unknown> = {}): Logger & { lines: Line[] } {
  const at =
    (level: Line['level']) =>
    (details: object | string, message?: string): void => {
      lines.push({
        level,
        details: typeof details === 'string' ? bindings : { ...bindings, ...details },
        message: typeof details === 'string' ? details : (message ?? ''),
      });
    };
  return {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    child: (more) => memoryLogger(lines, { ...bindings, ...more }),
  };
}

/** A task on a fake clock, with all that it tells. */
export function onBench(options: TaskOptions, body: TaskBody, random = () => 0) {
  const clock = new FakeClock();
  const log = memoryLogger();
  const events: TaskEvent[] = [];
  const exits: { task: string; error: Error }[] = [];
  const changes: [string, unknown][] = [];
  const subject: Task = task(options, body);
  const control = taskControl(subject);
  control.bind('bench.work', {
    clock,
    random,
    log,
    event: (event) => events.push(event),
    exit: (path, error) => exits.push({ task: path, error }),
  });
  control.onChange((key, value) => changes.push([key, value]));
  const states = (): unknown[] => changes.filter(([key]) => key === 'state').map(([, value]) => value);
  const statuses = (): unknown[] => changes.filter(([key]) => key === 'status').map(([, value]) => value);
  const lines = (...levels: Line['level'][]): string[] =>
    log.lines.filter((line) => levels.includes(line.level)).map((line) => line.message);
  return { task: subject, control, clock, log, lines, events, exits, changes, states, statuses };
}

/** A body that runs until it is stopped. */
export const forever: TaskBody = async ({ every }) => {
  for await (const _ of every(1));
};

/** A promise that never settles: a body that ignores everything. */
export const never = (): Promise<never> => new Promise(() => {});

export async function failing(): Promise<never> {
  throw new Error('no answer');
}

/** A promise that is settled by hand. */
export function byHand<T = void>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
