import { appendSegment } from '../base/index.ts';
import { childNodes, type RemoteNode } from './node.ts';
import { valueOfNode } from './node-values.ts';

/** What the handles of a remote service stand on. */
export interface RemoteAccess {
  /** What is known now of a path; undefined where nothing is there. */
  node(path: string): RemoteNode | undefined;
  get(path: string): Promise<unknown>;
  set(path: string, value: unknown): Promise<unknown>;
  call(path: string, args?: object): Promise<unknown>;
}

/**
 * What stands at a path, to be used as if it were here: a service or map as an object of its members, a list as an array, a
 * method as a function, a task and a value as what `RemoteTask` and `RemoteSetting` say. Undefined where nothing is there.
 */
export function handleAt(access: RemoteAccess, path: string): unknown {
  const node = access.node(path);
  switch (node?.type) {
    case undefined:
      return undefined;
    case 'method':
      return (named?: object) => access.call(path, named);
    case 'Task':
      return new TaskHandle(access, path);
    case 'DataService':
    case 'DeviceConnection':
      return membersOf(access, path, (name) => appendSegment(path, { name }));
    case 'dict':
      return membersOf(access, path, (key) => appendSegment(path, { key }));
    case 'list':
      return childNodes(node).map(([index]) => handleAt(access, appendSegment(path, { index: Number(index) })));
    default:
      return new ValueHandle(access, path);
  }
}

class ValueHandle {
  readonly #access: RemoteAccess;
  readonly #path: string;

  constructor(access: RemoteAccess, path: string) {
    this.#access = access;
    this.#path = path;
  }

  get value(): unknown {
    const node = this.#access.node(this.#path);
    return node && valueOfNode(node);
  }

  get(): Promise<unknown> {
    return this.#access.get(this.#path);
  }

  async set(value: unknown): Promise<void> {
    await this.#access.set(this.#path, value);
  }
}

class TaskHandle {
  readonly #access: RemoteAccess;
  readonly #path: string;

  constructor(access: RemoteAccess, path: string) {
    this.#access = access;
    this.#path = path;
  }

  start(): Promise<void> {
    return this.#do('start');
  }

  stop(): Promise<void> {
    return this.#do('stop');
  }

  restart(): Promise<void> {
    return this.#do('restart');
  }

  get status(): unknown {
    // Of an enum its name, which is what a task's own handle has.
    return this.#access.node(`${this.#path}.status`)?.value ?? null;
  }

  get state(): unknown {
    return this.#attribute('state');
  }

  get result(): unknown {
    return this.#attribute('result');
  }

  get restarts(): unknown {
    return this.#attribute('restarts');
  }

  get lastError(): unknown {
    return this.#attribute('lastError');
  }

  get activeSince(): unknown {
    return this.#attribute('activeSince');
  }

  get nextStartAt(): unknown {
    return this.#attribute('nextStartAt');
  }

  #attribute(name: string): unknown {
    const node = this.#access.node(`${this.#path}.${name}`);
    return node ? valueOfNode(node) : null;
  }

  async #do(verb: string): Promise<void> {
    await this.#access.call(`${this.#path}.${verb}`);
    // What became of it is known here when the caller goes on, as it is in the process of the task.
    await this.#access.get(this.#path);
  }
}

/** An object whose members are those that the server has now. */
function membersOf(access: RemoteAccess, path: string, pathOf: (key: string) => string): object {
  const keys = (): string[] => {
    const node = access.node(path);
    return node ? childNodes(node).map(([key]) => key) : [];
  };
  // `then` would make it a promise to whoever awaits it.
  const has = (key: string | symbol): key is string =>
    typeof key === 'string' && key !== 'then' && keys().includes(key);
  const member = (key: string | symbol): unknown => (has(key) ? handleAt(access, pathOf(key)) : undefined);
  return new Proxy(Object.create(null), {
    get: (_, key) => member(key),
    has: (_, key) => has(key),
    ownKeys: keys,
    getOwnPropertyDescriptor: (_, key) =>
      has(key) ? { value: member(key), enumerable: true, configurable: true, writable: false } : undefined,
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  });
}
