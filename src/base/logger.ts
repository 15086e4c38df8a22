/** What labwire asks of a logger: the part of pino's interface that it uses. A pino logger fits as it is. */
export interface Logger {
  debug(details: object, message?: string): void;
  debug(message: string): void;
  info(details: object, message?: string): void;
  info(message: string): void;
  warn(details: object, message?: string): void;
  warn(message: string): void;
  error(details: object, message?: string): void;
  error(message: string): void;
  fatal(details: object, message?: string): void;
  fatal(message: string): void;
  child(bindings: Record<string, unknown>): Logger;
}

const nothing = (): void => {};

/** Drops everything: for a service used outside of any server. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => silentLogger,
};
