export { type TaskAttribute, type TaskControl, type TaskEvent, type TaskHost, taskControl } from './control.ts';
export type { Period, Tick, Ticks } from './every.ts';
export type { ResolvedTaskOptions, TaskOptions } from './options.ts';
export {
  Task,
  type TaskBody,
  type TaskContext,
  type TaskError,
  type TaskResult,
  type TaskState,
  type TaskStatus,
  task,
} from './task.ts';
