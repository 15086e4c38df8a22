import type { Logger } from '../base/index.ts';

export interface Runnable {
  readonly log: Logger;
  start(): Promise<void>;
  /** Ends within its own limit, whatever hangs. */
  stop(): Promise<void>;
  /** Settles when the run is to end for a reason of its own: with an error, a failure; without one, a stop. */
  readonly ended: Promise<Error | undefined>;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** What a shell reports of a process that a signal has ended. */
const KILLED = 130;

/**
 * Starts, waits for a signal, a stop or a failure, and stops. A signal during the start is not lost; a second one during
 * the stop ends the process at once.
 *
 * @returns the exit status: 0 after a clean stop, 1 after a failure, which then is the process's exit code too
 */
export async function runUntilStopped({ log, start, stop, ended }: Runnable): Promise<0 | 1> {
  let signalled: () => void = () => {};
  const signal = new Promise<undefined>((resolve) => {
    signalled = () => resolve(undefined);
  });
  let stopping = false;
  const onSignal = (name: NodeJS.Signals): void => {
    if (stopping) process.exit(KILLED);
    stopping = true;
    log.info(`${name}: stopping`);
    signalled();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    log.info('starting');
    await start();
    const failure = await Promise.race([signal, ended]);
    await stop();
    if (!failure) {
      log.info('stopped');
      return 0;
    }
    log.fatal({ err: failure }, `stopped after a failure: ${failure.message}`);
    process.exitCode = 1;
    return 1;
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}
