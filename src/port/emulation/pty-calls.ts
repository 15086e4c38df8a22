import { constants } from 'node:fs';
import { createRequire } from 'node:module';
import { LabwireError } from '../../base/index.ts';

/** The part of the C library that makes pseudo-terminals (POSIX: posix_openpt(3), tcgetattr(3), fcntl(2)). */
interface PtyCalls {
  posix_openpt(flags: number): number;
  grantpt(master: number): number;
  unlockpt(master: number): number;
  ptsname_r(master: number, name: Buffer, size: number): number;
  fcntl(fd: number, command: number, type: 'int', argument: number): number;
  tcgetattr(fd: number, termios: Buffer): number;
  cfmakeraw(termios: Buffer): void;
  tcsetattr(fd: number, when: number, termios: Buffer): number;
}

// These three have the same value on Linux and macOS; node:fs does not know them.
const F_SETFD = 2;
const F_SETFL = 4;
const FD_CLOEXEC = 1;
const TCSANOW = 0;
/** More than `struct termios` has on any system (60 bytes on Linux, 72 on macOS). */
const TERMIOS_BYTES = 256;
const NAME_BYTES = 128;

let calls: PtyCalls | undefined;

/** Loaded at first use: a gateway without an emulated port does not pay for it. */
function load(): PtyCalls {
  if (calls) return calls;
  if (process.platform === 'win32') throw unavailable('Windows has none');
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    const library = koffi.load(null);
    calls = {
      posix_openpt: library.func('int posix_openpt(int)'),
      grantpt: library.func('int grantpt(int)'),
      unlockpt: library.func('int unlockpt(int)'),
      ptsname_r: library.func('int ptsname_r(int, _Out_ uint8_t *, size_t)'),
      fcntl: library.func('int fcntl(int, int, ...)'),
      tcgetattr: library.func('int tcgetattr(int, _Out_ uint8_t *)'),
      cfmakeraw: library.func('void cfmakeraw(_Inout_ uint8_t *)'),
      tcsetattr: library.func('int tcsetattr(int, int, uint8_t *)'),
    };
    return calls;
  } catch (error) {
    throw unavailable('the C library cannot be called', error);
  }
}

function unavailable(why: string, cause?: unknown): LabwireError {
  const message = `This system gives no pseudo-terminal: ${why}; use an address over TCP instead`;
  return new LabwireError('PTY_UNAVAILABLE', message, cause === undefined ? {} : { cause });
}

/**
 * Opens the master of a new pseudo-terminal, non-blocking and closed in child processes: a child that inherited it would
 * keep the line alive after the unplug.
 *
 * @throws LabwireError PTY_UNAVAILABLE
 */
export function openMaster(): { master: number; slavePath: string } {
  const libc = load();
  const master = libc.posix_openpt(constants.O_RDWR | constants.O_NOCTTY);
  if (master < 0) throw unavailable('the system has no free one, or /dev/ptmx is missing');
  libc.fcntl(master, F_SETFD, 'int', FD_CLOEXEC);
  libc.fcntl(master, F_SETFL, 'int', constants.O_RDWR | constants.O_NONBLOCK);
  const name = Buffer.alloc(NAME_BYTES);
  if (libc.grantpt(master) !== 0 || libc.unlockpt(master) !== 0 || libc.ptsname_r(master, name, NAME_BYTES) !== 0)
    throw unavailable('the new one cannot be unlocked');
  return { master, slavePath: name.toString('latin1', 0, name.indexOf(0)) };
}

/** Passes bytes through as they are: no echo, no line editing, no translation. */
export function makeRaw(slave: number): void {
  const libc = load();
  const termios = Buffer.alloc(TERMIOS_BYTES);
  if (libc.tcgetattr(slave, termios) !== 0) throw unavailable('its settings cannot be read');
  libc.cfmakeraw(termios);
  if (libc.tcsetattr(slave, TCSANOW, termios) !== 0) throw unavailable('it cannot be made raw');
}
