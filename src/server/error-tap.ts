import { type Logger, maskSecrets } from '../base/index.ts';

/** Told of a line of the log. `levelname` as Python's logging has it: `ERROR`, `CRITICAL`. */
export type ErrorListener = (levelname: string, message: string) => void;

/**
 * The same log, of which every error is told as well, since clients show it to people: with what it is about, e.g. the
 * task, and with its secrets masked.
 */
export function tapErrors(log: Logger, told: ErrorListener, about = ''): Logger {
  const tapped =
    (level: 'error' | 'fatal', levelname: string) =>
    (first: object | string, message?: string): void => {
      if (typeof first === 'string') log[level](first);
      else log[level](first, message);
      const text = typeof first === 'string' ? first : (message ?? (first instanceof Error ? first.message : ''));
      told(levelname, maskSecrets(about === '' ? text : `${about}: ${text}`));
    };
  return {
    debug: log.debug.bind(log),
    info: log.info.bind(log),
    warn: log.warn.bind(log),
    error: tapped('error', 'ERROR'),
    fatal: tapped('fatal', 'CRITICAL'),
    child: (bindings) => {
      const subject = Object.values(bindings).filter((value) => typeof value === 'string');
      return tapErrors(log.child(bindings), told, subject.join(', ') || about);
    },
  };
}
