import { createRequire } from 'node:module';

type Done = (error: unknown, result: number) => void;

/** As koffi offers it on a thread of the pool: an adapter may take its time for new settings. */
interface TermiosCalls {
  tcgetattr(fd: number, termios: Buffer, done: Done): void;
  tcsetattr(fd: number, when: number, termios: Buffer, done: Done): void;
}

const TCSANOW = 0;
/** More than `struct termios` has on any system (60 bytes on Linux, 72 on macOS). */
const TERMIOS_BYTES = 256;

/** Where `c_cflag` is, the third flag word, and its bit HUPCL: <asm-generic/termbits.h>, <sys/termios.h> of macOS. */
const layouts: Partial<Record<NodeJS.Platform, { readonly offset: number; readonly hupcl: number }>> = {
  linux: { offset: 8, hupcl: 0x400 },
  darwin: { offset: 16, hupcl: 0x4000 },
};
/** Little-endian ones whose Linux has the generic layout. */
const ARCHITECTURES = ['x64', 'arm64', 'arm', 'ia32', 'riscv64', 'loong64'];

let calls: TermiosCalls | null | undefined;

/**
 * Makes the close of a serial port leave DTR as it is. serialport's binding can only ask for the contrary: what a terminal
 * has by default, or what another program left, would drop DTR.
 *
 * @returns whether it is so; false where koffi, the C library or this system's layout is not to be had, and on Windows
 */
export async function clearHangupOnClose(fd: number): Promise<boolean> {
  const libc = load();
  const layout = layouts[process.platform];
  if (!libc || !layout || !ARCHITECTURES.includes(process.arch)) return false;
  const termios = Buffer.alloc(TERMIOS_BYTES);
  if ((await called((done) => libc.tcgetattr(fd, termios, done))) !== 0) return false;
  const flags = termios.readUInt32LE(layout.offset);
  if ((flags & layout.hupcl) === 0) return true;
  termios.writeUInt32LE((flags & ~layout.hupcl) >>> 0, layout.offset);
  return (await called((done) => libc.tcsetattr(fd, TCSANOW, termios, done))) === 0;
}

/** -1, as the C library has it, where the call itself fails. */
function called(call: (done: Done) => void): Promise<number> {
  return new Promise((resolve) => call((error, result) => resolve(error ? -1 : result)));
}

/** Once; null where it cannot be loaded, which is no reason not to open a port. */
function load(): TermiosCalls | null {
  if (calls !== undefined) return calls;
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    const library = koffi.load(null);
    calls = {
      tcgetattr: library.func('int tcgetattr(int, _Out_ uint8_t *)').async,
      tcsetattr: library.func('int tcsetattr(int, int, uint8_t *)').async,
    };
  } catch {
    calls = null;
  }
  return calls;
}
