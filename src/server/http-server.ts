import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { LabwireError, toError } from '../base/index.ts';
import { type AppOptions, buildApp } from './app.ts';
import { type RouteViews, registerRoutes } from './routes/index.ts';

export interface HttpServerOptions extends AppOptions, RouteViews {}

export interface Address {
  /** Host name or IP address to listen on. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** Serves what it is given views of: health and metrics for supervisors, the service for clients. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  #app: FastifyInstance | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
  }

  /** E.g. `http://127.0.0.1:8001`; undefined while it does not listen. */
  get address(): string | undefined {
    const address = this.#app?.server.address() as AddressInfo | null | undefined;
    if (!address) return undefined;
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `http${this.#options.tls ? 's' : ''}://${host}:${address.port}`;
  }

  /** @throws LabwireError SERVER_ADDRESS where it cannot listen */
  async start({ host, port }: Address): Promise<void> {
    const app = buildApp(this.#options);
    try {
      await registerRoutes(app, this.#options);
      await app.ready();
      await listen(app, host, port);
    } catch (error) {
      await app.close();
      throw error;
    }
    this.#app = app;
  }

  /** Cuts what is still connected. */
  async stop(): Promise<void> {
    const app = this.#app;
    this.#app = undefined;
    if (!app) return;
    const closed = app.close();
    app.server.closeAllConnections();
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
