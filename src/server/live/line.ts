import { type Connection, cut } from './connection.ts';

/** Characters that may wait for the network before no more is given to it. */
const ROOM = 64 * 1024;
/** Refusals that a client provokes and does not read: beyond this it is cut. */
const FULL = 1024 * 1024;

interface EnginePacket {
  readonly data?: unknown;
}

/**
 * What waits on one connection for the network: nothing but what the client itself asked for ever waits here for long.
 * The engine keeps all that is written until the transport is free: with a websocket when the system's buffer has taken
 * what came before, with polling when the next poll comes.
 */
export class Line {
  readonly #conn: Connection;
  #waiting = 0;
  /** Since when something has been waiting; undefined while nothing is. */
  #since: number | undefined;
  #waiters: (() => void)[] = [];

  constructor(conn: Connection, now: () => number, onRoom: () => void) {
    this.#conn = conn;
    const add = ({ data }: EnginePacket): void => {
      this.#since ??= now();
      this.#waiting += 1 + (typeof data === 'string' ? data.length : 0);
    };
    conn.on('packetCreate', add);
    conn.on('flush', () => {
      this.#waiting = 0;
      this.#since = undefined;
    });
    conn.on('drain', () => {
      this.#wake();
      onRoom();
    });
    conn.on('close', () => this.#wake());
  }

  get hasRoom(): boolean {
    return this.#waiting < ROOM && this.isOpen;
  }

  get isOpen(): boolean {
    return this.#conn.readyState === 'open';
  }

  /** Resolves when there is room, first come first served, or the connection is over. */
  async room(): Promise<void> {
    while (this.isOpen && !this.hasRoom) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** The client does not read what it provokes. */
  get isFull(): boolean {
    return this.#waiting > FULL;
  }

  /** For how long nothing has been taken, in ms; 0 while nothing waits. */
  stalledMs(now: number): number {
    return this.#since === undefined ? 0 : now - this.#since;
  }

  write(text: string): void {
    this.#conn.write(text);
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** To the client the connection is lost, and it may come again. */
  cut(): void {
    cut(this.#conn);
  }
}
