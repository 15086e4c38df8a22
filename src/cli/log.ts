import { type DestinationStream, destination, pino, stdSerializers } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { Logger } from '../base/index.ts';
import { maskSecrets } from '../config/index.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

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
          const masked = values.map((value) => (typeof value === 'string' ? maskSecrets(value) : value));
          method.apply(this, masked as typeof values);
        },
      },
    },
    (options.pretty ?? process.stderr.isTTY) ? prettyStream(target, options.env ?? process.env) : target,
  );
}

/** In this process: a worker would lose its last lines at the end of the process. */
function prettyStream(target: DestinationStream, env: NonNullable<LoggerOptions['env']>): DestinationStream {
  return PinoPretty({
    colorize: !env.NO_COLOR,
    destination: target,
    sync: true,
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
  });
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
