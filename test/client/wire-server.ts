import { createServer, type Server as NodeServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';

interface Node {
  full_access_path: string;
  type: string;
  value: unknown;
  readonly: boolean;
  doc: string | null;
  [more: string]: unknown;
}

type Answer = (answer: unknown) => void;

const node = (full_access_path: string, type: string, value: unknown, more: object = {}): Node => ({
  full_access_path,
  type,
  value,
  readonly: false,
  doc: null,
  ...more,
});

const exception = (message: string, name = 'LabwireError'): Node => node('', 'Exception', message, { name });
const states = { RUNNING: 'running', NOT_RUNNING: 'not_running' };
const ranges = { auto: 'auto', low: 'low', high: 'high' };

const task = (path: string): Node =>
  node(
    path,
    'Task',
    {
      autostart: node(`${path}.autostart`, 'bool', true, { readonly: true }),
      status: node(`${path}.status`, 'Enum', 'NOT_RUNNING', { name: 'TaskStatus', enum: states, readonly: true }),
      state: node(`${path}.state`, 'str', 'inactive', { readonly: true }),
      start: node(`${path}.start`, 'method', null),
      stop: node(`${path}.stop`, 'method', null),
      restart: node(`${path}.restart`, 'method', null),
    },
    { name: 'Task' },
  );

const detector = (path: string): Node =>
  node(path, 'DataService', { gain: node(`${path}.gain`, 'float', 1) }, { name: 'Detector' });

/** The tree of the service in `sensor-service.ts`, as WIRE.md has it. */
export const sensorTree = (): Node =>
  node(
    '',
    'DataService',
    {
      readoutInterval: node('readoutInterval', 'Quantity', { magnitude: 1, unit: 's' }, { unit: 's', minimum: 0.01 }),
      range: node('range', 'Enum', 'auto', { name: 'range', enum: ranges }),
      temperature: node('temperature', 'Quantity', { magnitude: 21.5, unit: 'degC' }, { unit: '°C', readonly: true }),
      zero: node('zero', 'method', null, {
        signature: { parameters: { at: { annotation: "<class 'float'>", default: {} } }, return_annotation: {} },
      }),
      echo: node('echo', 'method', null, {
        signature: { parameters: { word: { annotation: "<class 'str'>", default: {} } }, return_annotation: {} },
      }),
      detectors: node('detectors', 'dict', { a: detector('detectors["a"]') }),
      list: node('list', 'list', [detector('list[0]'), detector('list[1]')]),
      stage: node('stage', 'DataService', { speed: node('stage.speed', 'int', 3) }, { name: 'Stage' }),
      readSensor: task('readSensor'),
    },
    { name: 'SensorService' },
  );

export interface WireServerOptions {
  readonly port?: number;
  /** What `hello` answers; null: the event is unknown, as to pydase. */
  readonly hello?: object | null;
  /** Refuses a handshake with this. */
  readonly refuse?: (socket: Socket) => (Error & { data?: unknown }) | undefined;
  /** Answers of HTTP that are no socket.io. */
  readonly http?: Parameters<typeof createServer>[1];
}

/** Answers as WIRE.md says, with a tree that a test changes. Keeps every call that it got. */
export class WireServer {
  readonly calls: [event: string, ...args: unknown[]][] = [];
  readonly headers: Record<string, unknown>[] = [];
  root: Node = sensorTree();
  /** Calls that are not answered. */
  deaf = new Set<string>();
  readonly #http: NodeServer;
  readonly #io: Server;
  readonly #options: WireServerOptions;

  constructor(options: WireServerOptions = {}) {
    this.#options = options;
    this.#http = options.http ? createServer({}, options.http) : createServer();
    this.#io = new Server(this.#http, { path: '/ws/socket.io', cors: { origin: '*' } });
    this.#io.use((socket, next) => next(options.refuse?.(socket)));
    this.#io.on('connection', (socket) => this.#serve(socket));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(this.#options.port ?? 0, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get clients(): number {
    return this.#io.sockets.sockets.size;
  }

  async stop(): Promise<void> {
    await this.#io.close();
  }

  /** Ends each connection, as a server does that throws its clients out. */
  kick(): void {
    this.#io.disconnectSockets(true);
  }

  /** Cuts each connection, as a network does. */
  cut(): void {
    for (const socket of this.#io.sockets.sockets.values()) socket.conn.close();
  }

  at(path: string): Node | undefined {
    let found: Node | undefined = this.root;
    for (const [, name, index, key] of path.matchAll(/([A-Za-z_]\w*)|\[(\d+)\]|\["([^"]*)"\]/g)) {
      found = (found?.value as Record<string, Node> | undefined)?.[(name ?? index ?? key) as string];
    }
    return found;
  }

  /** Changes the tree, unknown to the clients. */
  change(path: string, value: unknown): void {
    const known = this.at(path);
    if (!known) throw new Error(`the test server has no ${path}`);
    known.value = known.type === 'Quantity' ? { ...(known.value as object), magnitude: value } : value;
  }

  /** Tells every client of a path. */
  tell(path: string): void {
    const value = structuredClone(this.at(path));
    this.#io.emit('notify', { data: { full_access_path: path, value } });
  }

  push(path: string, value: unknown): void {
    this.change(path, value);
    this.tell(path);
  }

  #serve(socket: Socket): void {
    this.headers.push(socket.handshake.headers);
    const on = (event: string, answer: (...args: never[]) => unknown): void => {
      socket.on(event, (...args: unknown[]) => {
        const acknowledge = args.pop() as Answer;
        this.calls.push([event, ...args]);
        if (!this.deaf.has(event)) acknowledge(answer(...(args as never[])));
      });
    };
    const { hello = { name: 'labwire', version: '0.0.0', protocol: 1 } } = this.#options;
    if (hello) on('hello', () => hello);
    on('service_serialization', () => this.root);
    on('subscribe', () => null);
    on(
      'get_value',
      (path: string) => this.at(path) ?? exception(`There is nothing with the path ${path} (MEMBER_UNKNOWN)`),
    );
    on('update_value', ({ access_path, value }: { access_path: string; value: Node }) => {
      const known = this.at(access_path);
      if (!known) return exception(`There is nothing with the path ${access_path} (MEMBER_UNKNOWN)`);
      if (known.readonly) return exception(`${access_path} can only be read (VALUE_READ_ONLY)`);
      known.value = value.value;
      this.tell(access_path);
      return null;
    });
    on('trigger_method', ({ access_path, kwargs }: { access_path: string; kwargs: Node }) => {
      const [, owner = '', verb = ''] = /^(.*)\.(start|stop|restart)$/.exec(access_path) ?? [];
      if (verb !== '') {
        this.push(`${owner}.status`, verb === 'stop' ? 'NOT_RUNNING' : 'RUNNING');
        this.push(`${owner}.state`, verb === 'stop' ? 'inactive' : 'active');
        return node('', 'NoneType', null);
      }
      if (access_path === 'echo') return (kwargs.value as Record<string, Node>).word;
      if (access_path === 'zero') return node('', 'NoneType', null);
      return exception(`no method ${access_path}`, 'SerializationPathError');
    });
  }
}
