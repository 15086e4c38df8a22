#!/usr/bin/env node
// While the program is still being loaded nothing is open yet, so a signal has nothing to close. Once a command listens
// for signals itself, they are its own.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(0);
  });
}

// A reader such as `head` may leave early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const [{ processIo }, { runCli }] = await Promise.all([import('./io.ts'), import('./program.ts')]);
process.exitCode = await runCli(process.argv.slice(2), processIo);

export {};
