import { isMember, LabwireError, MEMBER, type MemberCore, show, toError } from '../base/index.ts';
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
  /** Told of each write when it has ended, also of one that was refused. Must be quick, and not throw. */
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
  readonly #underWay = new Set<Asked>();

  constructor(service: DataService, options: ControlOptions = {}) {
    this.service = service;
    this.readOnly = options.readOnly ?? false;
    this.#onWrite = options.onWrite ?? (() => {});
  }

  /** Access paths of the writes and calls that have not ended. */
  get underWay(): string[] {
    return Array.from(this.#underWay, ({ path }) => path);
  }

  /**
   * Sets a setting or a writable channel; resolves with the value that it has then. Rejects with LabwireError READ_ONLY,
   * MEMBER_UNKNOWN, VALUE_READ_ONLY, VALUE_INVALID, QUEUE_FULL, TIMEOUT, or with what a driver threw.
   *
   * @param read what the given value says to this member, where it is not the value itself
   */
  async set(path: string, value: unknown, by: Actor, read: Reader<ValueCore> = asGiven): Promise<SettingValue | null> {
    const asked: Asked = { by, path, what: 'set', from: undefined, to: value };
    return this.#audited(asked, () => {
      const core = this.valueAt(path);
      asked.from = core.get('');
      if (!core.writable || !core.write) throw new LabwireError('VALUE_READ_ONLY', `${path} can only be read`);
      asked.to = read(value, core);
      return core.write(asked.to);
    });
  }

  /**
   * Calls a command with one object of named arguments; resolves with its result. Rejects with LabwireError READ_ONLY,
   * MEMBER_UNKNOWN, VALUE_INVALID, or with what a driver threw. A command has no time limit of its own.
   *
   * @param read what the given arguments say to this command, where they are not named values themselves
   */
  async call(path: string, named: unknown, by: Actor, read: Reader<CommandCore> = asGiven): Promise<unknown> {
    const asked: Asked = { by, path, what: 'call', from: undefined, to: named };
    return this.#audited(asked, () => {
      const command = this.#memberAt(path, 'command')[MEMBER] as CommandCore;
      asked.to = read(named, command);
      return command.call(asked.to);
    });
  }

  /**
   * Starts, stops or restarts a task; resolves with its state then, of a stop when its body has ended or was abandoned.
   * Rejects with LabwireError READ_ONLY, MEMBER_UNKNOWN, or with what `check` throws.
   *
   * @param check looks, where there is such a task, at what the client has given besides
   */
  async task(path: string, verb: TaskVerb, by: Actor, check: () => void = () => {}): Promise<TaskState> {
    const asked: Asked = { by, path, what: verb, from: undefined, to: undefined };
    return this.#audited(asked, async () => {
      const task = this.#memberAt(path, 'task') as Task;
      check();
      asked.from = task.state;
      await task[verb]();
      asked.to = task.state;
      return task.state;
    });
  }

  /** To be told of a write that never came here, since its client may not write or too much is under way. */
  refused(write: Omit<Write, 'from' | 'outcome'>, why: Error): void {
    this.#onWrite({ ...write, from: undefined, outcome: why });
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

  #memberAt(path: string, kind: 'command' | 'task'): { readonly [MEMBER]: MemberCore } {
    const { node, attribute }: Resolved = resolve(this.service, path);
    if (isMember(node) && node[MEMBER].kind === kind && attribute === '') return node;
    throw new LabwireError('MEMBER_UNKNOWN', `There is no ${kind} with the path ${path}`);
  }

  async #audited<T>(asked: Asked, work: () => Promise<T>): Promise<T> {
    let result: T;
    this.#underWay.add(asked);
    try {
      if (this.readOnly) throw new LabwireError('READ_ONLY', `${show(asked.path)}: nothing can be changed here`);
      result = await work();
    } catch (error) {
      this.#onWrite({ ...asked, outcome: toError(error) });
      throw error;
    } finally {
      this.#underWay.delete(asked);
    }
    this.#onWrite({ ...asked, outcome: 'done' });
    return result;
  }
}

type Reader<Core> = (given: unknown, core: Core) => unknown;

const asGiven = (given: unknown): unknown => given;

/** Filled in while it is carried out. */
type Asked = { -readonly [K in keyof Omit<Write, 'outcome'>]: Write[K] };
