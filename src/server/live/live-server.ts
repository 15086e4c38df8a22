import type { IncomingMessage, Server as NodeServer } from 'node:http';
import { type Socket, Server as SocketServer } from 'socket.io';
import { type Clock, codeOf, LabwireError, type Logger, type Timer, toError } from '../../base/index.ts';
import { type DataService, type Observation, observe } from '../../service/index.ts';
import type { Principal } from '../access/principal.ts';
import { clientName } from '../client-name.ts';
import { type Gate, refusal } from '../gate.ts';
import type { ServiceRequests } from '../service-requests.ts';
import { type Announcement, changeAnnouncement, logAnnouncement } from './announcement.ts';
import { ClientEvents } from './client-events.ts';
import { type Connection, cut, takeNoNumbers, watchMisuse } from './connection.ts';
import { Entrance } from './entrance.ts';
import { FanOut } from './fan-out.ts';
import { Line } from './line.ts';
import { LiveClient } from './live-client.ts';

export interface LiveServerOptions {
  readonly service: DataService;
  readonly requests: ServiceRequests;
  readonly gate: Gate;
  readonly log: Logger;
  readonly clock: Clock;
}

/** What became of clients since the start. */
export interface LiveCounters {
  /** Connected now. */
  readonly clients: number;
  /** Disconnected since they did not read. */
  readonly cut: number;
  /** Changes that clients were spared since a later one of the same path came before they took it. */
  readonly merged: number;
}

interface Guest {
  readonly name: string;
  readonly line: Line;
  readonly live: LiveClient;
}

const PATH = '/ws/socket.io';
const CLIENTS = 512;
/** Of one message, in bytes. */
const LONGEST_MESSAGE = 1024 * 1024;
const PING_MS = 25_000;
const PONG_LIMIT_MS = 20_000;
/** A client that takes nothing for so long is cut. */
const STALL_LIMIT_MS = 30_000;
const LOOK_MS = 5_000;

/**
 * The service live, over socket.io: clients ask, and are told every change. While nobody is there nothing is observed.
 * What a client has not taken is bounded, and one that takes nothing is cut: it costs the gateway and the others nothing.
 */
export class LiveServer {
  readonly #options: LiveServerOptions;
  readonly #guests = new Map<Connection, Guest>();
  readonly #entrance: Entrance;
  /** Connections whose credentials are being looked at, or that have come in. */
  readonly #entered = new WeakSet<Connection>();
  /** Whose credentials have been looked at before the connection stood. */
  readonly #early = new WeakMap<IncomingMessage, Promise<Principal>>();
  readonly #fanOut = new FanOut();
  #io: SocketServer | undefined;
  #observation: Observation | undefined;
  #look: Timer | undefined;
  #cut = 0;
  #mergedBefore = 0;

  constructor(options: LiveServerOptions) {
    this.#options = options;
    this.#entrance = new Entrance(options.clock);
  }

  get counters(): LiveCounters {
    let merged = this.#mergedBefore + (this.#observation?.coalesced ?? 0);
    for (const { live } of this.#guests.values()) merged += live.merged;
    return { clients: this.#guests.size, cut: this.#cut, merged };
  }

  attach(server: NodeServer): void {
    const io = new SocketServer(server, {
      path: PATH,
      serveClient: false,
      maxHttpBufferSize: LONGEST_MESSAGE,
      pingInterval: PING_MS,
      pingTimeout: PONG_LIMIT_MS,
      httpCompression: false,
      allowRequest: (request, allow) => void this.#lookEarly(request).then(() => allow(null, true)),
      cors: {
        origin: (origin, allow) => allow(null, origin !== undefined && this.#options.gate.lists(origin)),
        credentials: true,
      },
    });
    io.engine.on('connection', (conn: Connection) => {
      watchMisuse(conn, (what) => {
        const guest = this.#guests.get(conn);
        if (guest) this.#cutOff(guest, what);
        else cut(conn);
      });
      this.#entrance.add(conn);
    });
    io.use((socket, next) => void this.#enter(socket, next));
    io.on('connection', (socket) => this.#welcome(socket));
    this.#io = io;
  }

  /** Tells all clients of an error. @param levelname as Python's logging has it: `ERROR`, `CRITICAL` */
  tellLog(levelname: string, message: string): void {
    if (this.#guests.size > 0) this.#announce(logAnnouncement(levelname, message));
  }

  /** Cuts every client; to them the connection is lost, and they try again. */
  stop(): void {
    const io = this.#io;
    this.#io = undefined;
    for (const { line } of [...this.#guests.values()]) line.cut();
    io?.engine.close();
  }

  #refuseOneTooMany(): void {
    if (this.#guests.size >= CLIENTS) throw new LabwireError('QUEUE_FULL', `${CLIENTS} clients are connected already`);
  }

  async #enter(socket: Socket, next: (error?: Error) => void): Promise<void> {
    const { conn } = socket;
    try {
      // One look at a time, since each costs a hash; and who has left comes again by a connection of its own.
      if (this.#entered.has(conn)) throw new LabwireError('REQUEST_INVALID', 'A connection enters once');
      this.#entered.add(conn);
      try {
        socket.data = await this.#principalOf(socket);
        this.#refuseOneTooMany();
      } catch (thrown) {
        this.#entered.delete(conn);
        throw thrown;
      }
      next();
    } catch (thrown) {
      const error = toError(thrown);
      const code = codeOf(error);
      if (code === null) this.#options.log.error({ err: error }, `a client could not be let in: ${error.message}`);
      next(Object.assign(new Error(code === null ? 'The gateway made a mistake' : error.message), { data: { code } }));
    }
  }

  /**
   * pydase's client waits for a second to be let in once its connection stands, and a small computer takes longer for a
   * password. Who is refused learns that when he enters.
   */
  async #lookEarly(request: IncomingMessage): Promise<void> {
    const { headers, socket } = request;
    if (headers.authorization === undefined) return;
    const encrypted = 'encrypted' in socket;
    const early = this.#options.gate.authenticate({ headers, remoteAddress: socket.remoteAddress, encrypted });
    this.#early.set(request, early);
    await early.catch(() => {});
  }

  async #principalOf({ handshake, request }: Socket): Promise<Principal> {
    const { gate } = this.#options;
    const early = this.#early.get(request);
    this.#early.delete(request);
    const principal = await (early ??
      gate.authenticate({
        headers: handshake.headers,
        remoteAddress: handshake.address,
        encrypted: handshake.secure,
        token: (handshake.auth as { token?: unknown } | undefined)?.token,
      }));
    if (!gate.allows(principal, 'viewer')) throw new LabwireError('FORBIDDEN', refusal(principal, 'viewer'));
    return principal;
  }

  #welcome(socket: Socket): void {
    const { clock, log, gate, requests } = this.#options;
    const { conn } = socket;
    let principal = socket.data as Principal;
    const name = clientName(principal, socket.handshake.headers);
    let live: LiveClient | undefined;
    const line = new Line(
      conn,
      () => clock.monotonic(),
      () => live?.resume(),
    );
    live = new LiveClient(line, this.#fanOut, clock);
    const guest = { name, line, live };
    const events = new ClientEvents({
      requests,
      gate,
      principal: () => principal,
      by: { name, via: 'socket.io' },
      log: log.child({ client: name }),
      subscribe: (subscription) => guest.live.subscribe(subscription),
      room: () => line.room(),
      takesRefusals: () => {
        if (line.isFull) this.#cutOff(guest, 'it asks without reading the answers');
        return !line.isFull;
      },
    });
    const unwatch = gate.watch(principal, (now) => {
      if (now) principal = now;
      else this.#cutOff(guest, 'what it came in by is not valid any more');
    });
    this.#entrance.remove(conn);
    this.#guests.set(conn, guest);
    this.#watch();
    takeNoNumbers(conn);
    log.info({ client: name, address: socket.handshake.address }, 'a client has connected');
    // Never passed on: no event of a client is ever emitted here as one of Node's.
    socket.use((event) => void events.answer(event));
    socket.on('disconnect', (reason) => {
      unwatch();
      events.end();
      guest.live.end();
      this.#mergedBefore += guest.live.merged;
      this.#guests.delete(conn);
      // Who has taken his leave does not come in again by the same connection.
      conn.close();
      log.info({ client: name, reason }, 'a client has gone');
      if (this.#guests.size === 0) this.#unwatch();
    });
  }

  #watch(): void {
    if (this.#observation) return;
    const { service, clock, log } = this.#options;
    const report = (thrown: unknown): void => log.error({ err: thrown }, 'a change could not be told');
    this.#observation = observe(service, (change) => this.#announce(changeAnnouncement(service, change, report)), {
      log,
    });
    const look = (): void => {
      this.#look = clock.setTimer(() => {
        this.#cutStalled();
        if (this.#observation) look();
      }, LOOK_MS);
    };
    look();
  }

  #unwatch(): void {
    this.#mergedBefore += this.#observation?.coalesced ?? 0;
    this.#observation?.();
    this.#observation = undefined;
    this.#look?.cancel();
  }

  #announce(announcement: Announcement): void {
    for (const { live } of this.#guests.values()) live.announce(announcement);
  }

  #cutStalled(): void {
    const now = this.#options.clock.monotonic();
    for (const guest of [...this.#guests.values()]) {
      if (guest.line.stalledMs(now) >= STALL_LIMIT_MS) {
        this.#cutOff(guest, `it has read nothing for ${STALL_LIMIT_MS / 1000} s`);
      }
    }
  }

  #cutOff({ name, line }: Guest, why: string): void {
    this.#cut++;
    this.#options.log.warn({ client: name }, `a client is cut off: ${why}`);
    line.cut();
  }
}
