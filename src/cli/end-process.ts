import { createRequire } from 'node:module';

/**
 * Ends the process at once, with `process.exitCode`. `process.exit()` by itself waits for all threads of libuv's pool, for
 * ever where one hangs: in the driver of a port that does not close, in a file system that is gone.
 */
export function endProcess(): never {
  // The last one to be told, after whoever has something to write.
  process.on('exit', leave);
  process.exit();
}

/** By _exit(2), which asks nobody. */
function leave(status: number): void {
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    koffi.load(null).func('void _exit(int)')(status);
  } catch {
    // Where koffi or the C library is not to be had, it ends once its threads do.
  }
}
