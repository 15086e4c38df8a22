import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { FakeClock, formatPasswordHash, type Logger, roles } from '../../../src/base/index.ts';
import { Traffic } from '../../../src/port/traffic/traffic.ts';
import type { UserEntry } from '../../../src/server/access/users.ts';
import {
  AccessControl,
  type AccessSettings,
  type Gate,
  gateOf,
  HttpServer,
  TokenBook,
} from '../../../src/server/index.ts';
import { Control } from '../../../src/service/index.ts';
import { allViews } from '../routes/views.ts';
import { Bench } from '../services.ts';

/** A request with this header counts as one from the address that it says. */
const FROM = 'x-test-from';
export const ELSEWHERE = '192.0.2.7';
export const PASSWORD = 'correct horse';

/** As quick as the real one is slow. */
function quickly(password: string, salt: Buffer): Buffer {
  return createHash('sha256').update(salt).update(password).digest();
}

export function userEntry(role: UserEntry['role'], password = PASSWORD): UserEntry {
  const salt = Buffer.alloc(16, role.length);
  return { role, password: formatPasswordHash({ N: 4096, r: 8, p: 1, salt, hash: quickly(password, salt) }) };
}

/** A user for each role, called as it is. */
export const users: AccessSettings['users'] = Object.fromEntries(roles.map((role) => [role, userEntry(role)]));

export interface RouteSeen {
  readonly method: string;
  readonly url: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A server with everything that there is to ask for, and a clock that is held for those who come in. */
export class Guarded {
  readonly clock = new FakeClock(Date.now() * 1000);
  readonly access: AccessControl;
  readonly book: TokenBook;
  readonly bench = new Bench();
  readonly routes: RouteSeen[] = [];
  /** How often a password was derived. */
  derivations = 0;
  readonly settings: AccessSettings;
  readonly #server: HttpServer;
  readonly #folder = mkdtempSync(join(tmpdir(), 'labwire-access-'));
  /** Gives up an idle connection long before the server does, which may be just when a request is sent by it. */
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8, timeout: 1_000 });
  readonly #sockets: Socket[] = [];

  constructor(settings: Partial<AccessSettings> = {}, log?: Logger) {
    const tokenFile = join(this.#folder, 'tokens.json');
    this.settings = { host: '127.0.0.1', users: {}, origins: [], ...settings };
    this.access = new AccessControl(this.settings, {
      clock: this.clock,
      tokenFile,
      ...(log && { log }),
      derive: async (password, { salt }) => {
        this.derivations++;
        return quickly(password, salt);
      },
    });
    this.book = new TokenBook(tokenFile);
    const live = { name: '/dev/ttyUSB0', state: 'open', counters: {}, traffic: new Traffic() };
    const ports = { names: () => ['live'], find: (name: string) => (name === 'live' ? live : undefined) };
    this.#server = new HttpServer({ ...allViews(), ports, control: new Control(this.bench), gate: this.#gate() });
  }

  async start(): Promise<this> {
    await this.#server.start({ host: '127.0.0.1', port: 0 });
    return this;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.disconnect();
    this.#agent.destroy();
    await this.#server.stop();
    await this.access.stop();
    rmSync(this.#folder, { recursive: true });
  }

  get url(): string {
    return this.#server.address ?? '';
  }

  /** The gate as it is, but that a header says where a request comes from, and that the routes are seen. */
  #gate(): Gate {
    const gate = gateOf(this.access);
    return {
      ...gate,
      authenticate: (visit) => {
        const from = visit.headers[FROM];
        return gate.authenticate(typeof from === 'string' ? { ...visit, remoteAddress: from } : visit);
      },
      install: (app) => {
        app.addHook('onRoute', ({ method, url }) => {
          for (const each of [method].flat()) this.routes.push({ method: each, url });
        });
        gate.install(app);
      },
    };
  }

  ask(method: string, path: string, headers: IncomingHttpHeaders = {}, body?: object): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const type =
      text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    return new Promise((resolve, reject) => {
      const asking = request(`${this.url}${path}`, { method, headers: { ...headers, ...type }, agent: this.#agent });
      asking.on('error', reject);
      asking.on('response', (response) => {
        let got = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          got += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: got }));
        response.on('error', reject);
      });
      asking.end(text);
    });
  }

  /** Logs in. @returns the header that a browser sends then */
  async cookie(user: string, password = PASSWORD): Promise<string> {
    const { headers, text } = await this.ask('POST', '/api/v1/login', {}, { user, password });
    const [cookie] = headers['set-cookie'] ?? [];
    if (cookie === undefined) throw new Error(`no cookie: ${text}`);
    return cookie.split(';')[0] ?? '';
  }

  socket(headers: IncomingHttpHeaders = {}, token?: unknown, transport: 'websocket' | 'polling' = 'websocket'): Socket {
    const socket = io(this.url, {
      path: '/ws/socket.io',
      transports: [transport],
      forceNew: true,
      reconnection: false,
      extraHeaders: headers as Record<string, string>,
      ...(token !== undefined && { auth: { token } }),
    });
    this.#sockets.push(socket);
    return socket;
  }
}

export const basic = (user: string, password = PASSWORD): IncomingHttpHeaders => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

export const bearer = (token: string): IncomingHttpHeaders => ({ authorization: `Bearer ${token}` });

export const from = (address: string): IncomingHttpHeaders => ({ [FROM]: address });

/** `connect`, or the code of the error with which it was refused. */
export function entry(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.on('connect', () => resolve('connect'));
    socket.on('connect_error', (error) => resolve((error as { data?: { code?: string } }).data?.code ?? error.message));
  });
}
