import { type DestinationStream, destination, pino, stdSerializers } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Logger } from '../base/index.ts';
import { maskSecrets } from '../config/index.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  /** Default info. */
  readonly level?: LogLevel;
  /** For people, in colours unless `NO_COLOR` is set; else one JSON object per line. Default: on a terminal. */
  readonly pretty?: boolean;
  /** Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default standard error, written to at once: a line that waits is lost when the process ends. */
  readonly destination?: DestinationStream;
}

const SECRETS = ['password', 'token'].flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/** The log of a process. Passwords and tokens never get into it, those within URLs neither. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const target = options.destination ?? destination({ dest: 2, sync: true });
  return pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      redact: { paths: SECRETS, censor: '***' },
      serializers: { err: serialiseError, error: serialiseError },
      formatters: { level: (label) => ({ level: label }), log: maskStrings },
      hooks: {
        logMethod(values, method) {
          const [first] = values as unknown[];
          // pino would take the message of an error that stands alone as it is.
          const whole = first instanceof Error && values.length === 1 ? [{ err: first }, first.message] : values;
          const masked = whole.map((value: unknown) => (typeof value === 'string' ? maskSecrets(value) : value));
          method.apply(this, masked as typeof values);
        },
      },
    },
    (options.pretty ?? process.stderr.isTTY) ? prettyStream(target, options.env ?? process.env) : target,
  );
}

/** In this process and at once: a worker or a stream would lose its last lines at the end of the process. */
function prettyStream(target: DestinationStream, env: NonNullable<LoggerOptions['env']>): DestinationStream {
  const pretty = prettyFactory({ colorize: !env.NO_COLOR, translateTime: 'SYS:HH:MM:ss', singleLine: true });
  return { write: (line) => target.write(pretty(line) ?? line) };
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
  const { type, message, stack } = stdSerializers.err(error);
  return { type, message: maskSecrets(message), stack: maskSecrets(stack) };
}
