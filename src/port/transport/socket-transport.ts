import { createConnection, type NetConnectOpts } from 'node:net';
import { abortError, type Clock, LabwireError, sleep, systemClock } from '../../base/index.ts';
import type { Connection, ConnectionEvents, Transport } from '../connection.ts';
import { PathReturn } from '../discovery/path-return.ts';
import { permissionRemedy } from './port-errors.ts';
import { SocketConnection, socketReason } from './socket-connection.ts';

export interface SocketOptions {
  /** For tests: what limits are measured with. */
  readonly clock?: Clock;
}

const CONNECT_LIMIT_MS = 5_000;
/**
 * A peer that is silent for so long is probed, ten times a second apart (Node's documentation of `setKeepAlive`): one
 * that is gone without a word, its power cut, is a loss after 20 s.
 */
const KEEP_ALIVE_MS = 10_000;

/** A server's socket is there a moment before it listens, and it is its appearance that is the sign to open it. */
const LISTEN_RETRIES = 4;
const LISTEN_PAUSE_MS = 25;
/** `sun_path` of <sys/un.h>, on macOS and Linux, without its end: what is longer would be cut off without a word. */
const LONGEST_UNIX_PATH = process.platform === 'linux' ? 107 : 103;

/** A serial port behind a terminal server that passes the bytes as they are (ser2net's `tcp`, Moxa's "TCP server"). */
export function tcpTransport(host: string, port: number, options: SocketOptions = {}): Transport {
  const name = socketAddress('tcp', host, port);
  return {
    name,
    simulated: false,
    open: (events, signal) => connectTcp(name, host, port, options.clock ?? systemClock, events, signal),
  };
}

/** A serial port, or an instrument's program, behind a Unix socket: `socat`, a container's volume. */
export function unixTransport(path: string, options: SocketOptions = {}): Transport {
  const name = `unix:${path}`;
  const place = new PathReturn(path);
  return {
    name,
    simulated: false,
    open: async (events, signal) => {
      const clock = options.clock ?? systemClock;
      if (Buffer.byteLength(path) > LONGEST_UNIX_PATH) throw pathTooLong(path);
      for (let attempt = 1; ; attempt++) {
        place.opening();
        try {
          return await connect(name, { path }, (cause) => unixError(name, path, cause), clock, events, signal);
        } catch (error) {
          if (attempt > LISTEN_RETRIES || !(error instanceof LabwireError) || !isRefusal(error.cause)) throw error;
        }
        await sleep(clock, LISTEN_PAUSE_MS, signal);
      }
    },
    ...(path.startsWith('/') ? { watch: (appeared: () => void) => place.watch(appeared) } : {}),
  };
}

/** `tcp://host:4001`, an address of IPv6 in brackets. */
export function socketAddress(scheme: string, host: string, port: number): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Without Nagle's wait, with keep-alive. @param name of the port, for its errors */
export function connectTcp(
  name: string,
  host: string,
  port: number,
  clock: Clock,
  events: ConnectionEvents,
  signal: AbortSignal,
): Promise<Connection> {
  const options = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
  return connect(name, options, async (cause) => tcpError(name, cause), clock, events, signal);
}

function connect(
  name: string,
  target: NetConnectOpts,
  explain: (cause: Error) => Promise<LabwireError>,
  clock: Clock,
  events: ConnectionEvents,
  signal: AbortSignal,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortError(`Connecting to ${name}`, signal));
    const socket = createConnection(target);
    const fail = (error: Error | Promise<Error>): void => {
      forget();
      socket.on('error', () => {});
      socket.destroy();
      Promise.resolve(error).then(reject, reject);
    };
    const onError = (error: Error): void => fail(explain(error));
    const onAbort = (): void => fail(abortError(`Connecting to ${name}`, signal));
    const limit = clock.setTimer(
      () => fail(explain(new Error(`no answer within ${CONNECT_LIMIT_MS / 1000} s`))),
      CONNECT_LIMIT_MS,
    );
    const forget = (): void => {
      limit.cancel();
      socket.off('error', onError);
      signal.removeEventListener('abort', onAbort);
    };
    socket.once('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => {
      forget();
      resolve(new SocketConnection(name, socket, events, clock));
    });
  });
}

function tcpError(name: string, cause: Error): LabwireError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND')
    return new LabwireError(
      'PORT_ABSENT',
      `${name} ${code === 'ENOTFOUND' ? 'is an unknown host' : 'refuses the connection'}: check the address, and that the terminal server is on and has no other client`,
      { cause },
    );
  return new LabwireError(
    'PORT_FAILED',
    `${name} cannot be reached: ${socketReason(cause)}; check the network and the terminal server`,
    { cause },
  );
}

function isRefusal(cause: unknown): boolean {
  return cause instanceof Error && (cause as NodeJS.ErrnoException).code === 'ECONNREFUSED';
}

function pathTooLong(path: string): LabwireError {
  return new LabwireError(
    'PORT_FAILED',
    `The socket path ${path} is longer than the ${LONGEST_UNIX_PATH} bytes that this system takes: put it into a folder with a shorter name`,
  );
}

/** unix(7) says which errors there are. */
async function unixError(name: string, path: string, cause: Error): Promise<LabwireError> {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new LabwireError(
      'PORT_ABSENT',
      `There is no socket ${path}: start the program that makes it, or check its path`,
      { cause },
    );
  if (code === 'ECONNREFUSED')
    return new LabwireError(
      'PORT_ABSENT',
      `Nobody listens at the socket ${path}: start the program that made it anew; if there is none, it is no socket but a file`,
      { cause },
    );
  if (code === 'EAGAIN')
    return new LabwireError(
      'PORT_BUSY',
      `The program behind the socket ${path} takes no further connection: end its other clients`,
      { cause },
    );
  if (code === 'EACCES' || code === 'EPERM')
    return new LabwireError(
      'PORT_DENIED',
      `No permission to open the socket ${path}: ${await permissionRemedy(path)}`,
      { cause },
    );
  return new LabwireError('PORT_FAILED', `${name} cannot be opened: ${socketReason(cause)}`, { cause });
}
