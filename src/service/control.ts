import { isMember, LabwireError, MEMBER, type MemberCore, toError } from '../base/index.ts';
import type { Task, TaskState } from '../task/index.ts';
import type { CommandCore } from './command.ts';
import type { DataService } from './data-service.ts';
import { type Resolved, resolve } from './tree.ts';
import { isValueCore, type ValueCore } from './value-core.ts';
import type { SettingValue } from './value-rules.ts';

/** Who writes, and on what way: `{ name: 'anna', via: 'http' }`. */
export interface Actor {
  readonly name: string;
  /** `http`, `socket.io`, `mqtt`, … */
  readonly via: string;
}

export const taskVerbs = ['start', 'stop', 'restart'] as const;
export type TaskVerb = (typeof taskVerbs)[number];

/** One write of a client, done or refused. */
export interface Write {
  readonly by: Actor;
  /** Access path as the client gave it. */
  readonly path: string;
  readonly what: 'set' | 'call' | TaskVerb;
  /** The value, or a task's state, before; undefined where there is none. */
  readonly from: unknown;
  /** What was asked for: the value, a command's arguments; of a task its state afterwards. */
  readonly to: unknown;
  /** `done`, or why not. */
  readonly outcome: 'done' | Error;
}

export interface ControlOptions {
  /** Refuse every write. Default false. */
  readonly readOnly?: boolean;
  /** Told of each write when it has ended, also of one that was refused. Must be quick. */
  readonly onWrite?: (write: Write) => void;
}

/**
 * The one way by which clients write to a service: settings and writable channels, commands, tasks. What is asked is
 * checked once, here, against the declaration of the member.
 */
export class Control {
  /** What it writes to. */
  readonly service: DataService;
  /** Every write is refused while it is true. */
  readOnly: boolean;
  readonly #onWrite: (write: Write) => void;

  constructor(service: DataService, options: ControlOptions = {}) {
    this.service = service;
    this.readOnly = options.readOnly ?? false;
    this.#onWrite = options.onWrite ?? (() => {});
  }

  /**
   * Sets a setting or a writable channel; resolves with the value that it has then. Rejects with LabwireError READ_ONLY,
   * MEMBER_UNKNOWN, VALUE_READ_ONLY, VALUE_INVALID, QUEUE_FULL, TIMEOUT, or with what a driver threw.
   */
  async set(path: string, value: unknown, by: Actor): Promise<SettingValue> {
    let from: unknown;
    return this.#audited({ by, path, what: 'set', from: () => from, to: () => value }, () => {
      const core = this.valueAt(path);
      from = core.get('');
      if (!core.writable || !core.write) throw new LabwireError('VALUE_READ_ONLY', `${path} can only be read`);
      return core.write(value);
    });
  }

  /**
   * Calls a command with one object of named arguments; resolves with its result. Rejects with LabwireError READ_ONLY,
   * MEMBER_UNKNOWN, VALUE_INVALID, or with what a driver threw. A command has no time limit of its own.
   */
  async call(path: string, named: unknown, by: Actor): Promise<unknown> {
    return this.#audited({ by, path, what: 'call', from: () => undefined, to: () => named }, () =>
      this.commandAt(path).call(named),
    );
  }

  /**
   * Starts, stops or restarts a task; resolves with its state then, of a stop when its body has ended or was abandoned.
   * Rejects with LabwireError READ_ONLY, MEMBER_UNKNOWN.
   */
  async task(path: string, verb: TaskVerb, by: Actor): Promise<TaskState> {
    let from: unknown;
    let state: TaskState | undefined;
    return this.#audited({ by, path, what: verb, from: () => from, to: () => state }, async () => {
      const task = this.#taskAt(path);
      from = task.state;
      await task[verb]();
      state = task.state;
      return state;
    });
  }

  /** @throws LabwireError MEMBER_UNKNOWN where the path is none of a setting, reading or channel; of a task's value VALUE_READ_ONLY */
  valueAt(path: string): ValueCore {
    const { node, attribute } = resolve(this.service, path);
    if (isMember(node)) {
      const core = node[MEMBER];
      if (attribute === '' && isValueCore(core)) return core;
      if (core.attributes.includes(attribute)) throw new LabwireError('VALUE_READ_ONLY', `${path} can only be read`);
    }
    throw new LabwireError('MEMBER_UNKNOWN', `There is nothing to set with the path ${path}`);
  }

  /** @throws LabwireError MEMBER_UNKNOWN where the path is none of a command */
  commandAt(path: string): CommandCore {
    return this.#memberAt(path, 'command')[MEMBER] as CommandCore;
  }

  #taskAt(path: string): Task {
    return this.#memberAt(path, 'task') as Task;
  }

  #memberAt(path: string, kind: 'command' | 'task'): { readonly [MEMBER]: MemberCore } {
    const { node, attribute }: Resolved = resolve(this.service, path);
    if (isMember(node) && node[MEMBER].kind === kind && attribute === '') return node;
    throw new LabwireError('MEMBER_UNKNOWN', `There is no ${kind} with the path ${path}`);
  }

  async #audited<T>(asked: Asked, work: () => Promise<T>): Promise<T> {
    try {
      if (this.readOnly) throw new LabwireError('READ_ONLY', `${asked.path}: nothing can be changed here`);
      const result = await work();
      this.#tell(asked, 'done');
      return result;
    } catch (error) {
      this.#tell(asked, toError(error));
      throw error;
    }
  }

  #tell({ by, path, what, from, to }: Asked, outcome: Write['outcome']): void {
    this.#onWrite({ by, path, what, from: from(), to: to(), outcome });
  }
}

interface Asked {
  readonly by: Actor;
  readonly path: string;
  readonly what: Write['what'];
  readonly from: () => unknown;
  readonly to: () => unknown;
}
