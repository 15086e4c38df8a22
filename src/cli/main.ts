#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { endProcess } from './end-process.ts';

// By itself V8 lets the heap of a busy gateway grow to three times what is in use before it collects all of it, and keeps
// that: some 100 MB. A collection costs more often then, but no more than a few per cent at full rate.
setFlagsFromString('--heap-growing-percent=50');

/**
 * From a signal, or from the end of a command. Every stop is over before; what then still holds the process, a driver's
 * timer perhaps, is left behind.
 */
const LAST_LIMIT_MS = 2_400;

// While the program is still being loaded nothing is open yet, so a signal has nothing to close. Once a command listens
// for signals itself, they are its own.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(0);
    setTimeout(() => endProcess(), LAST_LIMIT_MS).unref();
  });
}

// A reader such as `head` may leave early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  // A disk that is full, mostly: not even what is half written is of use.
  process.stderr.write(`labwire: standard output cannot be written: ${error.message}\n`);
  process.exit(1);
});
// What went wrong can be told nobody; the exit status still says that something did.
process.stderr.on('error', () => {});

const [{ processIo }, { runCli }] = await Promise.all([import('./io.ts'), import('./program.ts')]);
process.exitCode = await runCli(process.argv.slice(2), processIo);
setTimeout(() => endProcess(), LAST_LIMIT_MS).unref();
