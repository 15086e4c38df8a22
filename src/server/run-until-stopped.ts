import type { Logger } from '../base/index.ts';

export interface Runnable {
  readonly log: Logger;
  start(): Promise<void>;
  /** Ends within its own limit, whatever hangs. Resolves with the paths of what was left behind: tasks, calls. */
  stop(): Promise<readonly string[]>;
  /** Settles when the run is to end for a reason of its own: with an error, a failure; without one, a stop. */
  readonly ended: Promise<Error | undefined>;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** What a shell reports of a process that a signal has ended. */
const KILLED = 130;
/** What was left behind gets after the stop, in ms, before the process ends without it. */
const LAST_GRACE_MS = 250;

/**
 * Starts, waits for a signal, a stop or a failure, and stops. A signal during the start is not lost; a second one during
 * the stop ends the process at once. A task's body or a client's call that does not end in time is left behind: after a
 * signal or a failure the process then ends without it.
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
    let failure = await Promise.race([signal, ended]);
    const leftBehind = await stop();
    if (leftBehind.length > 0) log.warn(`left behind, since it has not ended: ${leftBehind.join(', ')}`);
    // A body that had to be abandoned may have been that of a task with exitOnFailure.
    failure ??= await Promise.race([ended, undefined]);
    const status = failure ? 1 : 0;
    if (failure) {
      log.fatal({ err: failure }, `stopped after a failure: ${failure.message}`);
      process.exitCode = status;
    } else log.info('stopped');
    // Does not hold the process, but ends it when what was left behind does.
    if (leftBehind.length > 0 && (stopping || failure)) setTimeout(() => process.exit(status), LAST_GRACE_MS).unref();
    return status;
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}
