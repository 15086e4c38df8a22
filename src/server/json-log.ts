import { type DestinationStream, destination, pino, stdSerializers } from 'pino';
import { codeOf, type Logger, maskSecrets } from '../base/index.ts';

export interface JsonLogOptions {
  /** The least level that is written; default info. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  /** Default standard error, see `standardError`. */
  readonly destination?: DestinationStream;
}

/** Of lines that could not be written, so much is kept for later, in bytes. */
const MOST_UNWRITTEN = 1_000_000;

/**
 * Standard error, written to at once: a line that waits is lost when the process ends. A full disk behind it, or a
 * terminal that is gone, costs lines, and never the process.
 */
export function standardError(): DestinationStream {
  return destination({ dest: 2, sync: true, maxLength: MOST_UNWRITTEN }).on('error', () => {});
}

/** pino's number for `error`. */
const ERROR_LEVEL = 50;
const SECRETS = ['password', 'token', 'authorization', 'cookie'].flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/** The log of a process, one JSON object per line. Passwords and tokens never get into it, those within URLs neither. */
export function jsonLog(options: JsonLogOptions = {}): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      redact: { paths: SECRETS, censor: '***' },
      serializers: { err: serialiseError, error: serialiseError },
      formatters: { level: (label) => ({ level: label }), log: maskStrings },
      hooks: {
        logMethod(values, method, level) {
          const [first, ...rest] = values as unknown[];
          // pino would take the message of an error that stands alone as it is.
          const whole =
            first instanceof Error ? [{ err: first }, ...(rest.length > 0 ? rest : [first.message])] : values;
          const told: unknown[] = level < ERROR_LEVEL ? whole.map(withoutStack) : whole;
          const masked = told.map((value) => (typeof value === 'string' ? maskSecrets(value) : value));
          method.apply(this, masked as typeof values);
        },
      },
    },
    options.destination ?? standardError(),
  );
}

/**
 * An outage that was to be expected is told by its message; where in the program it was noticed helps nobody. So below
 * `error` an error of labwire leaves its code, and what its cause says beyond the message.
 */
function withoutStack(details: unknown): unknown {
  if (typeof details !== 'object' || details === null || !('err' in details)) return details;
  const { err, ...others } = details;
  if (!(err instanceof Error)) return details;
  const code = codeOf(err);
  if (code === null) return details;
  const cause = err.cause instanceof Error ? err.cause.message : undefined;
  return { ...others, code, ...(cause && !err.message.includes(cause) && { cause }) };
}

function maskStrings(details: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(details).map(([key, value]) => [
    key,
    typeof value === 'string' ? maskSecrets(value) : value,
  ]);
  return Object.fromEntries(entries);
}

function serialiseError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  // The causes stand in the stack already.
  const { type, stack } = stdSerializers.err(error);
  return { type, message: maskSecrets(error.message), stack: maskSecrets(stack) };
}
