import { type Clock, LabwireError, type Logger, letsStrangersIn, systemClock } from '../base/index.ts';
import { Control, type DataService, ServiceHost, walk } from '../service/index.ts';
import { Task } from '../task/index.ts';
import { AccessControl, type AccessSettings, gateOf, type TlsFiles } from './access/index.ts';
import { tapErrors } from './error-tap.ts';
import { HttpServer } from './http-server.ts';
import { jsonLog } from './json-log.ts';
import type { Health } from './routes/index.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { WriteLog } from './write-log.ts';

export interface ServerOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 to 65535; 0 = any free one. Default 8001. */
  readonly port?: number;
  /** Where settings are kept over a restart; none are without it. */
  readonly stateFile?: string;
  /**
   * Who may control it, by name, each with a role and the hash of a password, as `labwire password` prints it. Without
   * users it is every program on this machine; then only a `host` of this machine is allowed, such as `127.0.0.1`.
   */
  readonly users?: AccessSettings['users'];
  /** Where the tokens are that `labwire token` makes; none are without it. */
  readonly tokenFile?: string;
  /** Other servers whose pages may control it, e.g. `https://lab.example:3000`. Default none. */
  readonly origins?: readonly string[];
  /** Files of certificate and private key, in PEM; default without TLS. */
  readonly tls?: TlsFiles;
  /** Refuse every write. Default false. */
  readonly readOnly?: boolean;
  /** Default: JSON lines of pino on standard error. */
  readonly log?: Logger;
  readonly clock?: Clock;
}

/** The cap of every task's `timeoutStopSec` at a shutdown. */
const STOP_CAP_S = 2;

/**
 * Runs one service of a library user: its autostart tasks, its kept settings, and whoever controls it over REST or
 * socket.io, such as pydase's clients.
 */
export class Server {
  readonly #service: DataService;
  readonly #options: ServerOptions;
  readonly #log: Logger;
  readonly #control: Control;
  readonly #host: ServiceHost;
  readonly #access: AccessControl;
  readonly #http: HttpServer;
  readonly #writes: WriteLog;
  readonly #ended: Promise<Error | undefined>;
  #end: (failure?: Error) => void = () => {};
  #stopping: Promise<void> | undefined;
  #abandoned: readonly string[] = [];

  /** @throws LabwireError CONFIG_INVALID where the world could reach it without credentials, or a password is no hash */
  constructor(service: DataService, options: ServerOptions = {}) {
    const { host = '127.0.0.1', users = {}, origins = [], tokenFile, readOnly = false } = options;
    if (letsStrangersIn(host, users, tokenFile)) {
      const message = `On ${host} others than this machine can reach the server: give it users or a tokenFile`;
      throw new LabwireError('CONFIG_INVALID', message);
    }
    this.#service = service;
    this.#options = options;
    this.#log = tapErrors(options.log ?? jsonLog(), (levelname, message) => this.#http?.tellLog(levelname, message));
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const clock = options.clock ?? systemClock;
    const parts = { log: this.#log, clock };
    this.#access = new AccessControl(
      { host, users, origins },
      { ...parts, ...(tokenFile !== undefined && { tokenFile }) },
    );
    this.#writes = new WriteLog(this.#log, clock);
    this.#control = new Control(service, { readOnly, onWrite: (write) => this.#writes.note(write) });
    this.#http = new HttpServer({
      ...parts,
      health: () => this.#health(),
      control: this.#control,
      gate: gateOf(this.#access),
    });
    this.#host = new ServiceHost(service, {
      clock,
      log: this.#log,
      ...(options.stateFile !== undefined && { stateFile: options.stateFile }),
      onExit: (_path, error) => this.#end(error),
    });
  }

  /** Where it listens, e.g. `http://127.0.0.1:8001`; undefined while it does not. */
  get address(): string | undefined {
    return this.#http.address;
  }

  /**
   * Runs until SIGINT, SIGTERM, `stop()`, or a task with `exitOnFailure` that failed.
   *
   * @returns the exit status: 0 after a clean stop, 1 after a failure, which then is the process's exit code too
   * @throws LabwireError SERVER_ADDRESS where it cannot listen
   */
  run(): Promise<0 | 1> {
    return runUntilStopped({
      log: this.#log,
      start: () => this.start(),
      stop: async () => {
        await this.stop();
        return [...this.#abandoned, ...this.#control.underWay];
      },
      ended: this.#ended,
    });
  }

  /** Listens, loads the kept settings, starts the autostart tasks. @throws LabwireError SERVER_ADDRESS; nothing runs then */
  async start(): Promise<void> {
    const { host = '127.0.0.1', port = 8001, tls } = this.#options;
    if (this.#stopping) return;
    await this.#http.start({ host, port, tls });
    if (this.#stopping) {
      await this.#http.stop();
      return;
    }
    this.#log.info(`serving ${this.#service.constructor.name} on ${this.#http.address}`);
    await this.#host.start();
  }

  /** Stops every task, each within 2 s, keeps the settings, and listens no more. Idempotent; never rejects. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#abandoned = await this.#host.stop(STOP_CAP_S);
    await this.#http.stop();
    await this.#access.stop();
    this.#writes.flush();
    this.#end();
  }

  /** Well as long as no task has given up. */
  #health(): Health {
    const tasks = walk(this.#service).flatMap(({ node, path }) => (node instanceof Task ? [{ path, node }] : []));
    return {
      ok: !this.#stopping && tasks.every(({ node }) => node.state !== 'failed'),
      tasks: Object.fromEntries(tasks.map(({ path, node }) => [path, node.state])),
    };
  }
}
