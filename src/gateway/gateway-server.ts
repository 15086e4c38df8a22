import { type Clock, type Logger, toError } from '../base/index.ts';
import type { Configuration } from '../config/index.ts';
import { AccessControl, gateOf, HttpServer, type LiveCounters, type RouteViews } from '../server/index.ts';
import type { Control } from '../service/index.ts';
import { same } from './changes.ts';

type ServerConfiguration = Configuration['server'];

export interface GatewayServerParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly control: Control;
  readonly views: RouteViews;
  /** Where the tokens are, unless the configuration says it; none are without either. */
  readonly tokenFile: string | undefined;
}

/** The server of a gateway, and who may use it. */
export class GatewayServer {
  readonly #log: Logger;
  readonly #access: AccessControl;
  readonly #http: HttpServer;
  /** Whether it is to listen: after a failure it may be that it does not. */
  #started = false;

  constructor(configuration: ServerConfiguration, { clock, log, control, views, tokenFile }: GatewayServerParts) {
    this.#log = log;
    const file = configuration.tokens ?? tokenFile;
    this.#access = new AccessControl(configuration, { clock, log, ...(file !== undefined && { tokenFile: file }) });
    this.#http = new HttpServer({ ...views, clock, log, control, gate: gateOf(this.#access) });
  }

  /** Where it listens, e.g. `http://127.0.0.1:8001`; undefined while it does not. */
  get address(): string | undefined {
    return this.#http.address;
  }

  /** Of the clients over socket.io. */
  get clients(): LiveCounters | undefined {
    return this.#http.clients;
  }

  /** @throws LabwireError SERVER_ADDRESS, SERVER_CERTIFICATE */
  async start(configuration: ServerConfiguration): Promise<void> {
    await this.#http.start(configuration);
    this.#started = true;
  }

  /**
   * Goes over to another configuration. Who keeps his rights notices nothing, unless it has to listen elsewhere. Where
   * that cannot be, it stays, and lets in whom it let in there.
   */
  async apply(before: ServerConfiguration, after: ServerConfiguration): Promise<void> {
    if (before.tokens !== after.tokens) this.#log.warn('another server.tokens is used after a restart');
    const stays = this.address !== undefined && same(place(before), place(after));
    if (!this.#started || stays) {
      this.#access.apply(after);
      return;
    }
    await this.#http.stop();
    this.#access.apply(after);
    try {
      await this.#http.start(after);
    } catch (error) {
      this.#log.error({ err: error }, `${toError(error).message}; the server stays where it was`);
      this.#access.apply(before);
      await this.#goBack(before);
    }
  }

  /** Instruments and sinks go on without a server; another edit of the configuration starts it again. */
  async #goBack(before: ServerConfiguration): Promise<void> {
    try {
      await this.#http.start(before);
    } catch (error) {
      this.#log.error({ err: error }, `${toError(error).message}; until this is mended there is no server`);
    }
  }

  /** Tells all clients of an error. @param levelname as Python's logging has it: `ERROR`, `CRITICAL` */
  tellLog(levelname: string, message: string): void {
    this.#http.tellLog(levelname, message);
  }

  async stop(): Promise<void> {
    this.#started = false;
    await this.#http.stop();
    await this.#access.stop();
  }
}

const place = ({ host, port, tls }: ServerConfiguration): object => ({ host, port, tls });
