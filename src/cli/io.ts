/** What a command is given of its process: tests hand over their own. */
export interface CliIo {
  /** One or more lines to standard output: what was asked for. */
  print(text: string): void;
  /** One or more lines to standard error: what went wrong. */
  complain(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether standard error is a terminal. */
  readonly terminal: boolean;
  /** Whether standard output is one; default not. */
  readonly outputTerminal?: boolean;
  /** Resolves at SIGINT or SIGTERM, or at the abort of the signal, since a command may end for another reason. */
  untilStopped(signal?: AbortSignal): Promise<void>;
}

export const processIo: CliIo = {
  print: (text) => process.stdout.write(`${text}\n`),
  complain: (text) => process.stderr.write(`${text}\n`),
  env: process.env,
  terminal: process.stderr.isTTY === true,
  outputTerminal: process.stdout.isTTY === true,
  untilStopped: (signal) =>
    new Promise((resolve) => {
      // Who listens for signals only, and to nothing else, would end here.
      const alive = setInterval(() => {}, 2 ** 30);
      const stop = (): void => {
        clearInterval(alive);
        process.off('SIGINT', stop);
        process.off('SIGTERM', stop);
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      process.on('SIGINT', stop);
      process.on('SIGTERM', stop);
      if (signal?.aborted) stop();
      else signal?.addEventListener('abort', stop);
    }),
};
