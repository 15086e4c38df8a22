import { closeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { endianness } from 'node:os';
import { LabwireError, toError } from '../../base/index.ts';

/** The part of the C library that sends datagrams: Node knows streams only on Unix sockets. */
interface SocketCalls {
  socket(domain: number, type: number, protocol: number): number;
  sendto(fd: number, bytes: Buffer, length: number, flags: number, address: Buffer, addressLength: number): number;
  errno(): number;
  readonly full: ReadonlySet<number>;
}

// Of Linux, the same on every architecture that Node is built for.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** `sun_path` of unix(7). */
const LONGEST_PATH = 108;

export interface NotifySocket {
  /**
   * Never waits.
   *
   * @returns false where the receiver has no room at the moment
   * @throws LabwireError NOTIFY_FAILED where nobody receives there
   */
  send(text: string): boolean;
  close(): void;
}

/**
 * A socket to where `NOTIFY_SOCKET` points, as sd_notify(3) has it: a path, or the name of an abstract socket after `@`.
 *
 * @throws LabwireError NOTIFY_FAILED
 */
export function openNotifySocket(address: string): NotifySocket {
  const target = socketAddress(address);
  const libc = load();
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw failed(`no socket can be made (errno ${libc.errno()})`);
  return {
    send: (text) => {
      const bytes = Buffer.from(text);
      if (libc.sendto(fd, bytes, bytes.length, MSG_NOSIGNAL, target, target.length) >= 0) return true;
      const errno = libc.errno();
      if (libc.full.has(errno)) return false;
      throw failed(`nobody receives at ${address} (errno ${errno})`);
    },
    close: () => closeSync(fd),
  };
}

/** `struct sockaddr_un`, cut after the name: of an abstract socket every byte counts. */
function socketAddress(address: string): Buffer {
  if (!/^[/@]/.test(address)) throw failed(`NOTIFY_SOCKET is "${address}", which is neither a path nor begins with @`);
  const abstract = address.startsWith('@');
  const path = Buffer.from(abstract ? `\0${address.slice(1)}` : `${address}\0`);
  if (path.length > LONGEST_PATH) throw failed(`NOTIFY_SOCKET has ${path.length} bytes, more than ${LONGEST_PATH}`);
  const family = Buffer.alloc(2);
  if (endianness() === 'LE') family.writeUInt16LE(AF_UNIX);
  else family.writeUInt16BE(AF_UNIX);
  return Buffer.concat([family, path]);
}

function load(): SocketCalls {
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    const library = koffi.load(null);
    const { EAGAIN, ENOBUFS } = koffi.os.errno;
    return {
      socket: library.func('int socket(int, int, int)'),
      sendto: library.func('intptr_t sendto(int, uint8_t *, size_t, int, uint8_t *, uint32_t)'),
      errno: () => koffi.errno(),
      full: new Set([EAGAIN, ENOBUFS].filter((errno) => errno !== undefined)),
    };
  } catch (error) {
    throw failed('the C library cannot be called', error);
  }
}

function failed(why: string, cause?: unknown): LabwireError {
  const details = cause === undefined ? {} : { cause: toError(cause) };
  return new LabwireError('NOTIFY_FAILED', `The service manager cannot be told how the gateway does: ${why}`, details);
}
