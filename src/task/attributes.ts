import { Listeners } from '../base/index.ts';
import type { TaskError, TaskResult, TaskState, TaskStatus } from './context.ts';

/** What a task shows of itself. */
export interface TaskAttributes {
  status: TaskStatus;
  state: TaskState;
  result: TaskResult;
  /** Since the last manual start. */
  restarts: number;
  lastError: TaskError | null;
  /** ISO wall time since when the body runs; null when it does not. */
  activeSince: string | null;
  /** ISO wall time of the next run, in `auto-restart`; else null. */
  nextStartAt: string | null;
}

export type TaskAttribute = keyof TaskAttributes;

const order: readonly TaskAttribute[] = [
  'lastError',
  'result',
  'restarts',
  'activeSince',
  'nextStartAt',
  'state',
  'status',
];

/** Keeps the attributes of a task and tells each change once, in the order in which the changes were made. */
export class AttributeBoard {
  readonly #values: TaskAttributes = {
    status: 'NOT_RUNNING',
    state: 'inactive',
    result: 'success',
    restarts: 0,
    lastError: null,
    activeSince: null,
    nextStartAt: null,
  };
  readonly #listeners = new Listeners<[attribute: string, value: unknown]>();
  readonly #untold: [TaskAttribute, unknown][] = [];
  #telling = false;

  get values(): Readonly<TaskAttributes> {
    return this.#values;
  }

  onChange(listener: (attribute: string, value: unknown) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Takes all values first and tells then, so that a listener never sees half of a change. `status` follows `state`. */
  update(changes: Partial<Omit<TaskAttributes, 'status'>>): void {
    const values: Partial<TaskAttributes> = { ...changes };
    if (changes.state) {
      values.status = changes.state === 'inactive' || changes.state === 'failed' ? 'NOT_RUNNING' : 'RUNNING';
      if (changes.state !== 'active' && changes.state !== 'deactivating') values.activeSince = null;
      if (changes.state !== 'auto-restart') values.nextStartAt = null;
    }
    for (const attribute of order) {
      const value = values[attribute];
      if (value === undefined || value === this.#values[attribute]) continue;
      Object.assign(this.#values, { [attribute]: value });
      this.#untold.push([attribute, value]);
    }
    this.#tell();
  }

  /** A listener may itself cause a change (start the task again): that one is told after those before it. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let change = this.#untold.shift(); change; change = this.#untold.shift()) this.#listeners.tell(...change);
    } finally {
      this.#telling = false;
    }
  }
}
