import type { Logger } from '../../src/base/index.ts';

/** Keeps what is logged at `info` and above, as `level: message`. */
export function recordingLog(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const record =
    (level: string) =>
    (details: object | string, message?: string): void => {
      lines.push(`${level}: ${typeof details === 'string' ? details : message}`);
    };
  const log: Logger = {
    debug: () => {},
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
    fatal: record('fatal'),
    child: () => log,
  };
  return { log, lines };
}
