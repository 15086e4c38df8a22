import { type Logger, maskSecrets } from '../base/index.ts';

/** Told of a line of the log. `levelname` as Python's logging has it: `ERROR`, `CRITICAL`. */
export type ErrorListener = (levelname: string, message: string) => void;

/** The same log, of which every error is told as well: clients show it to people. Secrets are masked. */
export function tapErrors(log: Logger, told: ErrorListener): Logger {
  const tapped =
    (level: 'error' | 'fatal', levelname: string) =>
    (first: object | string, message?: string): void => {
      if (typeof first === 'string') log[level](first);
      else log[level](first, message);
      const text = typeof first === 'string' ? first : (message ?? (first instanceof Error ? first.message : ''));
      told(levelname, maskSecrets(text));
    };
  return {
    debug: log.debug.bind(log),
    info: log.info.bind(log),
    warn: log.warn.bind(log),
    error: tapped('error', 'ERROR'),
    fatal: tapped('fatal', 'CRITICAL'),
    child: (bindings) => tapErrors(log.child(bindings), told),
  };
}
