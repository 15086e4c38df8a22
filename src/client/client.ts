import {
  abortError,
  isObject,
  LabwireError,
  Listeners,
  PROTOCOL,
  show,
  systemClock,
  unlessAborted,
  within,
} from '../base/index.ts';
import type { Address } from './address.ts';
import { ChangeFeed, type ChangesOptions, type RemoteChange } from './change-feed.ts';
import { isLoss, unlessException } from './errors.ts';
import { handleAt, type RemoteAccess } from './handles.ts';
import { Mirror } from './mirror.ts';
import { isNode, type RemoteNode } from './node.ts';
import { nodeOfArguments, nodeOfValue, valueOfNode } from './node-values.ts';
import { canonicalPath } from './path.ts';
import type { Remote } from './remote.ts';
import { type CallLimits, Session } from './session.ts';

/** `connecting` until the first connection, `reconnecting` while a lost one is made again, `closed` for good. */
export type ClientState = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** What the server says of itself; one of pydase says nothing. */
export interface ServerInfo {
  readonly name: string;
  readonly version: string;
  readonly protocol: number;
}

/** Of one call. */
export interface CallOptions {
  /** Longest wait for the answer, in ms; default that of the client. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** What the server is to tell by itself. */
export interface Subscription {
  /** Only what has one of these paths or lies below it; default everything. */
  readonly paths?: readonly string[];
  /** At most so many changes of a path in a second; default as they come. */
  readonly maxHz?: number;
}

export interface ClientParts {
  readonly address: Address;
  /** ms. */
  readonly timeout: number;
  readonly subscription: Subscription | undefined;
}

/** The first connection, and each resynchronisation, must be made within this time. */
const CONNECT_MS = 10_000;
/** A server that knows `hello` has answered it by the time that it has sent its tree. */
const HELLO_MS = 250;
/** A tree whose changes no longer fit is asked for again, at most this often. */
const RESYNC_MS = 500;

/** Resolves with the first connection; rejects, closed, where it cannot be made. For `connect()`. */
export let openClient: <T>(client: Client<T>, signal?: AbortSignal) => Promise<Client<T>>;

/** A connection to a server. Made by `connect()`; lasts, over any outage, until `close()`. */
export class Client<T = unknown> {
  static {
    openClient = (client, signal) => client.#open(signal);
  }

  readonly #parts: ClientParts;
  readonly #session: Session;
  readonly #mirror = new Mirror();
  readonly #feeds = new Set<ChangeFeed>();
  readonly #listeners = new Listeners<[state: ClientState, why: Error | undefined]>();
  readonly #access: RemoteAccess = {
    node: (path) => this.#mirror.at(path),
    get: (path) => this.get(path),
    set: (path, value) => this.set(path, value),
    call: (path, args) => this.call(path, args),
  };
  #state: ClientState = 'connecting';
  #server: ServerInfo | undefined;
  #resync: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#session = new Session(parts.address, {
      connected: () => void this.#connected(),
      lost: () => {
        // In the midst of the first connection it is that which has failed.
        if (this.#state === 'connected') this.#enter('reconnecting');
      },
      refused: (error, final) => {
        if (final || this.#state === 'connecting') this.#end(error);
      },
      notified: (message) => this.#notified(message),
    });
  }

  /** The service: its members have the names that they have in its class. */
  get service(): unknown extends T ? unknown : Remote<T> {
    return handleAt(this.#access, '') as Remote<T>;
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Undefined for a server that does not tell, such as one of pydase. */
  get server(): ServerInfo | undefined {
    return this.#server;
  }

  /** Calls back on each change of `state`, of `closed` with what closed it if not `close()`; returns what ends that. */
  onState(listener: (state: ClientState, why: Error | undefined) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** What is known now of a path, with unit, limits and doc; undefined where nothing is there. */
  node(path = ''): RemoteNode | undefined {
    return this.#mirror.at(path);
  }

  /**
   * Asks the server for a value; of a service or task for an object of values. Rejects with RemoteError, or with LabwireError
   * CONNECTION_LOST, TIMEOUT, QUEUE_FULL or ABORTED, as all calls do.
   */
  async get(path: string, options?: CallOptions): Promise<unknown> {
    const access_path = canonicalPath(path);
    return this.#ask('get_value', access_path, options, (answer) => {
      const node = { ...this.#nodeIn(answer), full_access_path: access_path };
      this.#take(node);
      return valueOfNode(node);
    });
  }

  /**
   * Sets a value; resolves with the one that it has then. A plain number is one in the unit of the setting; `{ magnitude, unit
   * }` is converted by the server.
   */
  async set(path: string, value: unknown, options?: CallOptions): Promise<unknown> {
    const access_path = canonicalPath(path);
    const node = nodeOfValue(value, this.#mirror.at(access_path));
    await this.#ask('update_value', { access_path, value: node }, options, unlessException);
    try {
      return await this.get(access_path, options);
    } catch (error) {
      // It is set, and what it is will be told with the next connection.
      if (isLoss(error)) return value;
      throw error;
    }
  }

  /** Calls a method or command, with an object of named arguments or an array; resolves with its result. */
  async call(path: string, args: object = {}, options?: CallOptions): Promise<unknown> {
    const access_path = canonicalPath(path);
    const [list, named] = Array.isArray(args) ? [args, {}] : [[], args];
    const request = { access_path, args: nodeOfValue(list), kwargs: nodeOfArguments(named) };
    return this.#ask('trigger_method', request, options, (answer) =>
      answer === null || answer === undefined ? null : valueOfNode(this.#nodeIn(answer)),
    );
  }

  /**
   * Tells what changes, until the signal, a `break`, or the end of the client. Of what changes while the reader is busy only the
   * newest of each path is told; what changed during an outage is told after it.
   *
   * @throws LabwireError MEMBER_UNKNOWN for what is no access path, USAGE for a rate that is not above 0
   */
  changes(options: ChangesOptions = {}): AsyncIterableIterator<RemoteChange> {
    const { maxHz } = options;
    if (maxHz !== undefined && !(maxHz > 0)) {
      throw new LabwireError('USAGE', `maxHz is a number above 0, not ${show(maxHz)}`);
    }
    const feed = new ChangeFeed((options.paths ?? ['']).map(canonicalPath), options, () => this.#feeds.delete(feed));
    this.#feeds.add(feed);
    if (this.#state === 'closed' || options.signal?.aborted) feed.end();
    return feed;
  }

  /** Ends everything; calls that wait are rejected with ABORTED. */
  close(): void {
    this.#end(undefined);
  }

  #open(signal?: AbortSignal): Promise<this> {
    const opened = new Promise<this>((resolve, reject) => {
      const end = this.onState((state, why) => {
        if (state === 'connected') resolve(this);
        else if (state === 'closed') reject(why ?? abortError('The connection'));
        end();
      });
    });
    this.#session.start();
    const limit = Math.min(this.#parts.timeout, CONNECT_MS);
    const limited = within(systemClock, limit, opened, `The connection to ${this.#parts.address.shown}`);
    const watched = signal ? unlessAborted(limited, 'The connection', signal) : limited;
    return watched.catch((error) => {
      this.close();
      throw error;
    });
  }

  async #connected(): Promise<void> {
    try {
      await this.#synchronise();
      if (this.#state !== 'closed') this.#enter('connected');
    } catch (error) {
      // Another connection brings another attempt.
      if (isLoss(error) && this.#state !== 'connecting') return;
      if (this.#state === 'reconnecting' && !isFinal(error)) this.#session.renew();
      else this.#end(error as Error);
    }
  }

  async #synchronise(): Promise<void> {
    const { subscription } = this.#parts;
    const limits = { limitMs: CONNECT_MS };
    const hello = this.#hello(limits);
    const subscribed = subscription && this.#session.ask('subscribe', [subscription], limits, unlessException);
    // Both are looked at below. A server that knows neither tells everything, which does no harm.
    for (const answer of [hello, subscribed]) answer?.catch(() => {});
    await this.#readTree();
    this.#server = await within(systemClock, HELLO_MS, hello, 'The greeting').catch(() => undefined);
    if (!this.#server) return;
    const { protocol, name, version } = this.#server;
    if (protocol > PROTOCOL) {
      throw new LabwireError(
        'PROTOCOL_UNSUPPORTED',
        `${name} ${version} at ${this.#parts.address.shown} speaks protocol ${protocol}, this client ${PROTOCOL}: update labwire here`,
      );
    }
    await subscribed;
  }

  /** What is no server of labwire never answers, or something else. */
  #hello(limits: CallLimits): Promise<ServerInfo | undefined> {
    return this.#session.ask('hello', [{ protocol: PROTOCOL }], limits, (answer) => {
      if (!isObject(answer) || typeof answer.protocol !== 'number') return undefined;
      return { name: String(answer.name), version: String(answer.version), protocol: answer.protocol };
    });
  }

  #readTree(): Promise<void> {
    const limitMs = Math.min(this.#parts.timeout, CONNECT_MS);
    return this.#session.ask('service_serialization', [], { limitMs }, (answer) => {
      for (const node of this.#mirror.replace(this.#nodeIn(answer))) this.#tell(node);
    });
  }

  #notified(message: unknown): void {
    const data = isObject(message) ? message.data : undefined;
    if (!isObject(data) || !isNode(data.value) || typeof data.full_access_path !== 'string') return;
    // Before the first tree there is nothing to change.
    if (this.#mirror.root) this.#take({ ...data.value, full_access_path: data.full_access_path });
  }

  /** Takes what the server says of one path. */
  #take(node: RemoteNode): void {
    const known = this.#mirror.at(node.full_access_path);
    if (!this.#mirror.put(node)) this.#resyncLater();
    else if (known?.type !== node.type || JSON.stringify(known.value) !== JSON.stringify(node.value)) this.#tell(node);
  }

  #tell(node: RemoteNode): void {
    if (this.#feeds.size === 0) return;
    const change = { path: node.full_access_path, value: node.type === 'Exception' ? null : valueOfNode(node), node };
    for (const feed of this.#feeds) feed.push(change);
  }

  #resyncLater(): void {
    this.#resync ??= setTimeout(() => {
      this.#resync = undefined;
      this.#readTree().catch((error) => {
        if (isLoss(error) || this.#state !== 'connected') return;
        this.#enter('reconnecting');
        this.#session.renew();
      });
    }, RESYNC_MS);
  }

  #ask<R>(event: string, request: unknown, options: CallOptions = {}, take: (answer: unknown) => R): Promise<R> {
    const { timeout = this.#parts.timeout, signal } = options;
    return this.#session.ask(event, [request], { limitMs: timeout, signal }, take);
  }

  #nodeIn(answer: unknown): RemoteNode {
    unlessException(answer);
    if (isNode(answer)) return answer;
    throw new LabwireError(
      'GATEWAY_REFUSED',
      `What answers at ${this.#parts.address.shown} does not speak as a server of labwire or pydase does`,
    );
  }

  #end(why: Error | undefined): void {
    if (this.#state === 'closed') return;
    clearTimeout(this.#resync);
    this.#session.close();
    for (const feed of [...this.#feeds]) feed.end();
    this.#enter('closed', why);
  }

  #enter(state: ClientState, why?: Error): void {
    if (state === this.#state || this.#state === 'closed') return;
    this.#state = state;
    this.#listeners.tell(state, why);
  }
}

const isFinal = (error: unknown): boolean => error instanceof LabwireError && error.code === 'PROTOCOL_UNSUPPORTED';
