import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { onceClosed } from './gone.ts';

/** Of all clients together. */
const MOST = 1_024;

interface Entry {
  readonly socket: Socket;
  /** Requests that are not answered yet. */
  open: number;
}

/**
 * The connections of a server. Where there are too many, the one goes by which nobody has been waiting for an answer for
 * the longest time: so who opens a thousand and says nothing, or has nothing more to say, locks nobody out.
 */
export class Connections {
  readonly #most: number;
  readonly #entries = new Map<string, Entry>();
  /** Those by which nobody waits, in the order in which they came to that. */
  readonly #idle = new Set<Entry>();

  constructor(most = MOST) {
    this.#most = most;
  }

  /** Before the server listens, and after whoever takes its websockets. */
  watch(server: Server): void {
    server.on('connection', (socket) => this.#add(socket));
    server.on('request', ({ socket }, response) => {
      const entry = this.#begin(socket);
      onceClosed(response, () => {
        if (entry && --entry.open === 0 && !entry.socket.destroyed) this.#idle.add(entry);
      });
    });
    // A websocket is counted as a client. Where nobody takes one, it is a request like any other.
    if (server.listenerCount('upgrade') > 0) server.on('upgrade', ({ socket }) => this.#begin(socket));
  }

  /** Cuts them all. */
  destroy(): void {
    for (const { socket } of this.#entries.values()) socket.destroy();
  }

  #add(socket: Socket): void {
    const place = placeOf(socket);
    const entry = { socket, open: 0 };
    this.#entries.set(place, entry);
    this.#idle.add(entry);
    socket.once('close', () => {
      if (this.#entries.get(place) === entry) this.#entries.delete(place);
      this.#idle.delete(entry);
    });
    if (this.#entries.size <= this.#most) return;
    // It may be the new one itself, where all others are busy.
    const [longest = entry] = this.#idle;
    this.#idle.delete(longest);
    longest.socket.destroy();
  }

  #begin(socket: Socket): Entry | undefined {
    const entry = this.#entries.get(placeOf(socket));
    if (!entry) return undefined;
    entry.open++;
    this.#idle.delete(entry);
    return entry;
  }
}

/** The same of a socket and of what TLS makes of it. */
const placeOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
