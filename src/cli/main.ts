#!/usr/bin/env node
import { processIo } from './io.ts';
import { runCli } from './program.ts';

// A reader such as `head` may leave early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runCli(process.argv.slice(2), processIo);
