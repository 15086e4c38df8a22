import { type Clock, type Logger, silentLogger } from '../base/index.ts';
import { type DataService, ServiceHost } from '../service/index.ts';
import { HttpServer } from './http-server.ts';
import { runUntilStopped } from './run-until-stopped.ts';

export interface ServerOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 to 65535; 0 = any free one. Default 8001. */
  readonly port?: number;
  /** Where settings are kept over a restart; none are without it. */
  readonly stateFile?: string;
  /** Default: nothing is logged. */
  readonly log?: Logger;
  readonly clock?: Clock;
}

/** The cap of every task's `timeoutStopSec` at a shutdown. */
const STOP_CAP_S = 2;

/** Runs one service of a library user: its autostart tasks, its kept settings, `/healthz`. */
export class Server {
  readonly #options: ServerOptions;
  readonly #log: Logger;
  readonly #host: ServiceHost;
  readonly #http: HttpServer;
  #running = false;
  #end: (failure?: Error) => void = () => {};

  constructor(service: DataService, options: ServerOptions = {}) {
    const { clock, stateFile } = options;
    this.#options = options;
    this.#log = options.log ?? silentLogger;
    this.#host = new ServiceHost(service, {
      log: this.#log,
      ...(clock && { clock }),
      ...(stateFile !== undefined && { stateFile }),
      onExit: (_path, error) => this.#end(error),
    });
    this.#http = new HttpServer({ health: () => ({ ok: true }) });
  }

  /** E.g. `http://127.0.0.1:8001`; undefined while it does not listen. */
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
      stop: () => this.stop(),
      ended: new Promise((resolve) => {
        this.#end = resolve;
      }),
    });
  }

  /** @throws LabwireError SERVER_ADDRESS where it cannot listen; no task is started then */
  async start(): Promise<void> {
    const { host = '127.0.0.1', port = 8001 } = this.#options;
    await this.#http.start({ host, port });
    this.#running = true;
    await this.#host.start();
  }

  /** Stops every task, each within 2 s, and writes the kept settings. Idempotent; never rejects. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    await this.#host.stop(STOP_CAP_S);
    await this.#http.stop();
    this.#end();
  }
}
