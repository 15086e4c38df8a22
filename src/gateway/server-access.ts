import type { Clock, Logger } from '../base/index.ts';
import type { Configuration } from '../config/index.ts';
import { AccessControl, type AccessSettings, type Gate, gateOf } from '../server/index.ts';

export interface ServerAccessParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** Where the tokens are, unless the configuration says it; none are without either. */
  readonly tokenFile: string | undefined;
}

/** Who may use the gateway, by its configuration as it is now. */
export class ServerAccess {
  readonly #control: AccessControl;
  readonly #log: Logger;

  constructor(server: Configuration['server'], { clock, log, tokenFile }: ServerAccessParts) {
    const file = server.tokens ?? tokenFile;
    this.#log = log;
    this.#control = new AccessControl(settingsOf(server), {
      clock,
      log,
      ...(file !== undefined && { tokenFile: file }),
    });
  }

  get gate(): Gate {
    return gateOf(this.#control);
  }

  /** Applies at once; who keeps his rights notices nothing. */
  apply(before: Configuration['server'], server: Configuration['server']): void {
    this.#control.apply(settingsOf(server));
    if (before.tokens !== server.tokens) this.#log.warn('another server.tokens is used after a restart');
  }

  stop(): void {
    this.#control.stop();
  }
}

function settingsOf({ host, users, origins }: Configuration['server']): AccessSettings {
  return { host, users, origins };
}
