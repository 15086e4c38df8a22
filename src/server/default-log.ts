import { destination, pino, stdSerializers } from 'pino';
import type { Logger } from '../base/index.ts';

/** JSON lines on standard error, written at once: a line that waits is lost when the process ends. */
export function defaultLog(): Logger {
  return pino(
    {
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      serializers: { err: stdSerializers.err },
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ dest: 2, sync: true }),
  );
}
