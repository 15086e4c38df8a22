export type { TaskAttribute } from './attributes.ts';
export type { TaskBody, TaskContext, TaskError, TaskResult, TaskState, TaskStatus } from './context.ts';
export type { TaskControl, TaskEvent, TaskHost } from './control.ts';
export type { Period, Tick, Ticks } from './every.ts';
export { optionFault, type ResolvedTaskOptions, type TaskOptions } from './options.ts';
export { Task, task, taskControl } from './task.ts';
