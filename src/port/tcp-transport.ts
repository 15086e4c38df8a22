import { createConnection, type Socket } from 'node:net';
import { abortError, LabwireError, toError } from '../base/index.ts';
import type { Connection, ConnectionEvents, Transport } from './connection.ts';
import { closedError, lostError } from './port-errors.ts';

const CONNECT_LIMIT_MS = 5_000;
const KEEP_ALIVE_MS = 10_000;

/** A serial port behind a terminal server that passes the bytes as they are (ser2net's `raw`, Moxa's "TCP server"). */
export function tcpTransport(host: string, port: number): Transport {
  const name = `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    name,
    simulated: false,
    open: (events, signal) => connect(name, host, port, events, signal),
  };
}

function connect(
  name: string,
  host: string,
  port: number,
  events: ConnectionEvents,
  signal: AbortSignal,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortError(`Connecting to ${name}`, signal));
    const socket = createConnection({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    });
    const fail = (error: Error): void => {
      forget();
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onError = (error: Error): void => fail(connectError(name, error));
    const onAbort = (): void => fail(abortError(`Connecting to ${name}`, signal));
    const limit = setTimeout(
      () => fail(connectError(name, new Error(`no answer within ${CONNECT_LIMIT_MS / 1000} s`))),
      CONNECT_LIMIT_MS,
    );
    const forget = (): void => {
      clearTimeout(limit);
      socket.off('error', onError);
      signal.removeEventListener('abort', onAbort);
    };
    socket.once('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => {
      forget();
      resolve(new TcpConnection(name, socket, events));
    });
  });
}

function connectError(name: string, cause: Error): LabwireError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND')
    return new LabwireError(
      'PORT_ABSENT',
      `${name} ${code === 'ENOTFOUND' ? 'is an unknown host' : 'refuses the connection'}: check the address, and that the terminal server is on and has no other client`,
      { cause },
    );
  const why = toError(cause).message;
  return new LabwireError(
    'PORT_FAILED',
    `${name} cannot be reached: ${why}; check the network and the terminal server`,
    {
      cause,
    },
  );
}

class TcpConnection implements Connection {
  readonly #name: string;
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #ended = false;

  constructor(name: string, socket: Socket, events: ConnectionEvents) {
    this.#name = name;
    this.#socket = socket;
    const lost = (error: Error): void => {
      if (this.#ended) return;
      this.#ended = true;
      events.lost(lostError(name, error));
    };
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (bytes: Buffer) => {
      if (!this.#ended) events.data(bytes);
    });
    socket.on('error', lost);
    socket.on('end', () => lost(new Error('the other side closed the connection')));
    socket.on('close', () => lost(new Error('the connection was closed')));
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(closedError(this.#name));
      this.#socket.write(bytes, (error) => (error ? reject(lostError(this.#name, error)) : resolve()));
    });
  }

  /** What the operating system holds comes by itself before anything else can: there is nothing to discard here. */
  async flush(): Promise<void> {
    if (this.#ended) throw closedError(this.#name);
  }

  async close(): Promise<void> {
    this.#ended = true;
    this.#socket.destroy();
    await this.#closed;
  }
}
