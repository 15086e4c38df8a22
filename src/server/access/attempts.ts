import { ACCOUNT_NAME, type Clock, type Logger } from '../../base/index.ts';
import { tooManyAttempts } from './refusal.ts';
import { addressKey, Throttle } from './throttle.ts';

/** Failed attempts by the address that they come from and by the user that they are for. */
export class Attempts {
  readonly #byAddress: Throttle;
  readonly #byUser: Throttle;

  constructor(clock: Clock, log: Logger) {
    this.#byAddress = new Throttle(clock, (address) =>
      log.warn(`too many failed attempts to get in from ${address}; further ones have to wait`),
    );
    // What is typed as a user may be a password, so it is not told.
    this.#byUser = new Throttle(clock, () =>
      log.warn('too many failed attempts for one user; further ones have to wait'),
    );
  }

  /** @throws AccessRefused TOO_MANY_ATTEMPTS */
  refuseFrom(address: string | undefined): void {
    refuse(this.#byAddress.wait(addressKey(address)));
  }

  /** @throws AccessRefused TOO_MANY_ATTEMPTS */
  refuseFor(user: string): void {
    refuse(this.#byUser.wait(userKey(user)));
  }

  /** Notes a failure, or what may become one. @returns a function that takes it back */
  note(address: string | undefined, user?: string): () => void {
    const taken = [this.#byAddress.attempt(addressKey(address))];
    if (user !== undefined) taken.push(this.#byUser.attempt(userKey(user)));
    return () => {
      for (const takeBack of taken) takeBack();
    };
  }
}

function refuse(seconds: number): void {
  if (seconds > 0) throw tooManyAttempts(seconds);
}

/** All that can be no user count as one. */
function userKey(user: string): string {
  return ACCOUNT_NAME.test(user) ? user : '';
}
