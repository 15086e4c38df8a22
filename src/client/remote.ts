import type { Member } from '../base/index.ts';
import type { DataService, ServiceList, ServiceMap } from '../service/index.ts';
import type { Task, TaskError, TaskResult, TaskState, TaskStatus } from '../task/index.ts';
import type { Quantity } from './node.ts';

/** A number may also be given in a unit of its own, which the server converts or refuses. */
type Settable<T> = number extends T ? T | Quantity : T;

/** A reading of the server, or anything else that has a value and cannot be set. */
export interface RemoteReading<T> {
  /** The last known value; kept current while the client is connected. */
  readonly value: T;
  /** Asks the server. */
  get(): Promise<T>;
}

/** A setting of the server. */
export interface RemoteSetting<T> extends RemoteReading<T> {
  /** Resolves when the server has checked and written the value, and `value` is what it has then. */
  set(value: Settable<T>): Promise<void>;
}

/** A task of the server. What a server does not tell, such as one of pydase, is null. */
export interface RemoteTask {
  start(): Promise<void>;
  /** Resolves when its body has ended or was abandoned. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  readonly status: TaskStatus;
  readonly state: TaskState;
  readonly result: TaskResult;
  readonly restarts: number;
  readonly lastError: TaskError | null;
  readonly activeSince: string | null;
  readonly nextStartAt: string | null;
}

/** By key; `Object.keys()`, `Object.entries()` and `in` work. */
export interface RemoteMap<T extends DataService> {
  readonly [key: string]: RemoteService<T>;
}

/** A service of the server: the members have the names that they have in its class. */
export type RemoteService<T> = {
  readonly [Name in keyof T & string as [Remote<T[Name]>] extends [never] ? never : Name]: Remote<T[Name]>;
};

/** What a member of a service is at a client; `never` for what no client sees. */
export type Remote<T> = T extends Task
  ? RemoteTask
  : T extends Member & ((...named: infer A) => Promise<infer R>)
    ? (...named: A) => Promise<R>
    : T extends Member & { readonly value: infer V; set(value: never): Promise<unknown> }
      ? RemoteSetting<V>
      : T extends Member & { readonly value: infer V }
        ? RemoteReading<V>
        : T extends ServiceList<infer S>
          ? readonly RemoteService<S>[]
          : T extends ServiceMap<infer S>
            ? RemoteMap<S>
            : T extends DataService
              ? RemoteService<T>
              : T extends readonly (infer E)[]
                ? [Remote<E>] extends [never]
                  ? never
                  : readonly Remote<E>[]
                : never;
