import type { CliIo } from '../../src/cli/io.ts';

/** What a command printed, and what ends it. */
export interface RecordingIo extends CliIo {
  readonly out: string[];
  readonly err: string[];
  stop(): void;
}

export function recordingIo(given: Partial<CliIo> = {}): RecordingIo {
  const out: string[] = [];
  const err: string[] = [];
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  return {
    out,
    err,
    print: (text) => void out.push(text),
    complain: (text) => void err.push(text),
    env: {},
    terminal: false,
    untilStopped: () => stopped,
    stop: () => stop(),
    ...given,
  };
}
