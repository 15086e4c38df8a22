import { createServer, type IncomingMessage, type Server as NodeServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LabwireError, toError } from '../base/index.ts';
import { type Metric, replyMetrics } from './metrics.ts';
import type { PortsView } from './ports-view.ts';
import { reply } from './reply.ts';
import { TrafficRoute } from './traffic-route.ts';

/** What `/healthz` answers: status 200 when `ok`, else 503. */
export interface Health {
  readonly ok: boolean;
  readonly [detail: string]: unknown;
}

export interface HttpServerOptions {
  health(): Health;
  /** What `/metrics` shows; default there is no such page. */
  metrics?(): Iterable<Metric>;
  /** Whose traffic it shows; default none. */
  readonly ports?: PortsView;
}

export interface Address {
  /** Host name or IP address to listen on. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

const REQUEST_LIMIT_MS = 5_000;
const CONNECTIONS = 256;

/** Answers `GET /healthz`, for whoever supervises the process, and `/metrics`, and shows the traffic of ports. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #traffic: TrafficRoute | undefined;
  #server: NodeServer | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#traffic = options.ports && new TrafficRoute(options.ports);
  }

  /** E.g. `http://127.0.0.1:8001`; undefined while it does not listen. */
  get address(): string | undefined {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    if (!address) return undefined;
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}`;
  }

  /** @throws LabwireError SERVER_ADDRESS where it cannot listen */
  async start({ host, port }: Address): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response));
    server.requestTimeout = REQUEST_LIMIT_MS;
    server.headersTimeout = REQUEST_LIMIT_MS;
    server.maxConnections = CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(cannotListen(host, port, error)));
      server.listen(port, host, resolve);
    });
    this.#server = server;
  }

  /** Cuts what is still connected. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    if (this.#traffic?.answer(request, response)) return;
    const path = request.url?.split('?')[0];
    const isMetrics = path === '/metrics' && this.#options.metrics !== undefined;
    if (path !== '/healthz' && !isMetrics) reply(response, 404, { error: this.#nothing() });
    else if (request.method !== 'GET' && request.method !== 'HEAD') reply(response, 405, { error: 'Only GET' });
    else if (isMetrics) replyMetrics(response, this.#options.metrics?.() ?? []);
    else {
      const health = this.#options.health();
      reply(response, health.ok ? 200 : 503, health);
    }
  }

  #nothing(): string {
    const pages = ['/healthz'];
    if (this.#options.metrics) pages.push('/metrics');
    if (this.#traffic) pages.push('/api/v1/ports/<name>/traffic');
    if (pages.length === 1) return `There is only ${pages[0]} here`;
    return `There are only ${pages.slice(0, -1).join(', ')} and ${pages.at(-1)} here`;
  }
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
