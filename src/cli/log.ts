import type { DestinationStream } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Logger } from '../base/index.ts';
import { jsonLog, standardError } from '../server/index.ts';
import type { LogLevel } from './arguments.ts';

export interface LoggerOptions {
  /** Default info. */
  readonly level?: LogLevel;
  /** For people, in colours unless `NO_COLOR` is set; else one JSON object per line. Default: on a terminal. */
  readonly pretty?: boolean;
  /** Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default standard error. */
  readonly destination?: DestinationStream;
}

/** The log of the command line: that of every process, made readable on a terminal. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const target = options.destination ?? standardError();
  const pretty = options.pretty ?? process.stderr.isTTY;
  return jsonLog({
    level: options.level ?? 'info',
    destination: pretty ? prettyStream(target, options.env ?? process.env) : target,
  });
}

/** In this process and at once: a worker or a stream would lose its last lines at the end of the process. */
function prettyStream(target: DestinationStream, env: NonNullable<LoggerOptions['env']>): DestinationStream {
  const pretty = prettyFactory({ colorize: !env.NO_COLOR, translateTime: 'SYS:HH:MM:ss', singleLine: true });
  return { write: (line) => target.write(pretty(line) ?? line) };
}
