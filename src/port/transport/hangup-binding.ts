import { readSync, writeSync } from 'node:fs';
import {
  type BindingInterface,
  DarwinBinding,
  type DarwinPortBinding,
  LinuxBinding,
  type LinuxPortBinding,
  WindowsBinding,
} from '@serialport/bindings-cpp';
import { unixRead } from '@serialport/bindings-cpp/dist/unix-read.js';
import { unixWrite } from '@serialport/bindings-cpp/dist/unix-write.js';
import { clearHangupOnClose } from './termios.ts';

type UnixPort = LinuxPortBinding | DarwinPortBinding;
type ReadAsync = NonNullable<Parameters<typeof unixRead>[0]['fsReadAsync']>;
type WriteAsync = NonNullable<Parameters<typeof unixWrite>[0]['fsWriteAsync']>;

/**
 * serialport's binding of this system, with a read of its own on Unix, and a `hupcl: false` that holds.
 *
 * A read of 0 bytes is a hang-up. The binding's own read takes it for "nothing yet" and tries again at once, for ever: the
 * unplug goes unnoticed and a core is burnt (serialport/bindings-cpp#162, #175). The retry is inside of `unixRead`, so
 * it is its innermost read that has to say ENXIO.
 */
export function hangupBinding(): BindingInterface {
  if (process.platform === 'win32') return WindowsBinding;
  const system = process.platform === 'darwin' ? DarwinBinding : LinuxBinding;
  return {
    list: () => system.list(),
    open: async (options) => {
      const port: UnixPort = await system.open(options as Parameters<typeof system.open>[0]);
      if (options.hupcl === false && port.fd !== null) await clearHangupOnClose(port.fd);
      const fsReadAsync = pollThenRead();
      port.read = (buffer, offset, length) => unixRead({ binding: port, buffer, offset, length, fsReadAsync });
      port.write = (buffer) => unixWrite({ binding: port, buffer, fsWriteAsync: writeInPlace });
      return port;
    },
  };
}

const WAIT = errno('EAGAIN', 'Nothing has been received');

/**
 * The port is non-blocking: so it is polled first, and then read in place, without a thread of the pool. Each read is
 * preceded by a poll, which lets the other ports have their turn however much one sends.
 */
function pollThenRead(): ReadAsync {
  let polled = false;
  const read = async (fd: number, buffer: Buffer, offset: number, length: number) => {
    if (!polled) {
      polled = true;
      throw WAIT;
    }
    // A poll that woke for nothing gives EAGAIN here, and the next call follows another poll.
    const bytesRead = readSync(fd, buffer, offset, length, null);
    if (bytesRead === 0) throw errno('ENXIO', 'The port hung up');
    polled = false;
    return { bytesRead, buffer };
  };
  return read as unknown as ReadAsync;
}

/** Non-blocking as well: what the system does not take gives EAGAIN, and `unixWrite` polls. */
const writeInPlace = (async (fd: number, buffer: Buffer, offset: number, length: number) => ({
  bytesWritten: writeSync(fd, buffer, offset, length),
  buffer,
})) as unknown as WriteAsync;

function errno(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code });
}
