import type { AddressInfo } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { type Clock, isLoopbackHost, LabwireError, silentLogger, systemClock, toError } from '../base/index.ts';
import type { Control } from '../service/index.ts';
import { Certificate, gateOfThisMachine, type TlsFiles } from './access/index.ts';
import { type AppOptions, buildApp } from './app.ts';
import { Connections } from './connections.ts';
import { type LiveCounters, LiveServer } from './live/index.ts';
import { type RouteViews, registerRoutes } from './routes/index.ts';
import { ServiceRequests } from './service-requests.ts';
import { serviceRoutes } from './service-routes.ts';

export interface HttpServerOptions extends Omit<AppOptions, 'tls'>, RouteViews {
  /** What clients read and write, over REST and socket.io; default there is nothing to control. */
  readonly control?: Control;
  readonly clock?: Clock;
}

export interface Address {
  /** Host name or IP address to listen on. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Files of certificate and private key; default without TLS. They are read again when they are replaced. */
  readonly tls?: TlsFiles | undefined;
}

/** Serves what it is given views of: health and metrics for supervisors, the service for clients. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #connections = new Connections();
  readonly #requests: ServiceRequests | undefined;
  readonly #live: LiveServer | undefined;
  #app: FastifyInstance | undefined;
  #certificate: Certificate | undefined;

  constructor(options: HttpServerOptions) {
    const { control, clock = systemClock, log = silentLogger, gate = gateOfThisMachine() } = options;
    this.#options = { ...options, gate };
    if (!control) return;
    this.#requests = new ServiceRequests({ control, clock, log });
    this.#live = new LiveServer({ service: control.service, requests: this.#requests, gate, log, clock });
  }

  /** Of the clients over socket.io; undefined where there is nothing to control. */
  get clients(): LiveCounters | undefined {
    return this.#live?.counters;
  }

  /** Tells all clients of an error. @param levelname as Python's logging has it: `ERROR`, `CRITICAL` */
  tellLog(levelname: string, message: string): void {
    this.#live?.tellLog(levelname, message);
  }

  /** E.g. `http://127.0.0.1:8001`; undefined while it does not listen. */
  get address(): string | undefined {
    const address = this.#app?.server.address() as AddressInfo | null | undefined;
    if (!address) return undefined;
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `http${this.#certificate ? 's' : ''}://${host}:${address.port}`;
  }

  /** @throws LabwireError SERVER_ADDRESS where it cannot listen, SERVER_CERTIFICATE where it cannot encrypt */
  async start({ host, port, tls }: Address): Promise<void> {
    const { clock = systemClock, log = silentLogger } = this.#options;
    const certificate = tls && new Certificate(tls, clock, log);
    const app = buildApp({ ...this.#options, ...(certificate && { tls: await certificate.read() }) });
    try {
      await registerRoutes(app, this.#options);
      if (this.#requests) await app.register(serviceRoutes, { requests: this.#requests });
      await app.ready();
      this.#live?.attach(app.server);
      this.#connections.watch(app.server);
      await listen(app, host, port);
    } catch (error) {
      this.#live?.stop();
      await app.close();
      throw error;
    }
    this.#app = app;
    this.#certificate = certificate;
    if (!tls && !isLoopbackHost(host))
      log.warn(
        `${this.address} is not encrypted: passwords and tokens cross the network in clear; server.tls changes that`,
      );
    certificate?.watch((keys) => (app.server as unknown as TlsServer).setSecureContext(keys));
  }

  /** Cuts what is still connected. */
  async stop(): Promise<void> {
    const app = this.#app;
    this.#app = undefined;
    this.#certificate?.stop();
    this.#certificate = undefined;
    if (!app) return;
    // What comes while it stops is cut too.
    app.server.on('connection', (socket) => socket.destroy());
    const closed = app.close();
    this.#live?.stop();
    // Connections of a websocket are the server's no more, and yet it waits for them.
    this.#connections.destroy();
    await closed;
  }
}

function listen({ server }: FastifyInstance, host: string, port: number): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void => reject(cannotListen(host, port, error));
    server.once('error', onError);
    server.listen(port, host, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

function cannotListen(host: string, port: number, cause: Error): LabwireError {
  const { code } = cause as NodeJS.ErrnoException;
  const why: Record<string, string> = {
    EADDRINUSE:
      'another program, perhaps another labwire, listens there; stop it, or set another server.port (0 takes any free one)',
    EACCES: 'ports below 1024 need more rights; set another server.port',
    EADDRNOTAVAIL: 'this machine has no such address; set another server.host',
    ENOTFOUND: 'the host name is not known; set another server.host',
  };
  const reason = why[code ?? ''] ?? toError(cause).message;
  return new LabwireError('SERVER_ADDRESS', `Cannot listen on ${host}:${port}: ${reason}`, { cause });
}
