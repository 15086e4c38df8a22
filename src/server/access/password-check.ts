import { createHmac, randomBytes } from 'node:crypto';
import type { Clock, PasswordHash } from '../../base/index.ts';
import { BoundedMap } from './bounded-map.ts';
import { tooManyAttempts } from './refusal.ts';
import { type Derive, deriveOnPool, LONGEST_PASSWORD } from './scrypt.ts';
import { sameBytes } from './secret.ts';

/** The pool has four threads, and the disk needs them too. */
const AT_ONCE = 2;
const MOST_WAITING = 32;
const BUSY_RETRY_S = 1;
/** How long a password that was right need not be derived again. */
const REMEMBER_MS = 60_000;
const MOST_REMEMBERED = 256;

export interface PasswordAttempt {
  readonly user: string;
  readonly password: string;
  /** Of the user; of one that does not exist something as costly. */
  readonly hash: PasswordHash;
  /** From where it was tried: only there it is remembered. */
  readonly from: string;
}

interface Remembered {
  readonly mac: Buffer;
  readonly until: number;
}

/**
 * Checks passwords: two at once, with a bound on those that wait. A password that was right is remembered for a minute
 * by a keyed hash of it, so that a program which sends it with each request costs one derivation a minute; the same one
 * asked for several times at once is derived once.
 */
export class PasswordCheck {
  readonly #clock: Clock;
  readonly #derive: Derive;
  readonly #key = randomBytes(32);
  readonly #remembered = new BoundedMap<string, Remembered>(MOST_REMEMBERED);
  readonly #underWay = new Map<string, Promise<boolean>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(clock: Clock, derive: Derive = deriveOnPool) {
    this.#clock = clock;
    this.#derive = derive;
  }

  /** Whether this very password was right a moment ago. */
  remembers(attempt: PasswordAttempt): boolean {
    const entry = this.#remembered.get(place(attempt));
    const known = entry !== undefined && entry.until > this.#clock.monotonic();
    return sameBytes(entry?.mac ?? Buffer.alloc(32), this.#mac(attempt)) && known;
  }

  /** Whether it is being checked at the moment, so that asking again is no further attempt. */
  checks(attempt: PasswordAttempt): boolean {
    return this.#underWay.has(this.#name(attempt));
  }

  /** @throws AccessRefused TOO_MANY_ATTEMPTS where too many wait */
  async check(attempt: PasswordAttempt): Promise<boolean> {
    if (attempt.password.length > LONGEST_PASSWORD) return false;
    const name = this.#name(attempt);
    const underWay = this.#underWay.get(name);
    if (underWay) return underWay;
    if (this.#running >= AT_ONCE && this.#waiting.length >= MOST_WAITING) throw tooManyAttempts(BUSY_RETRY_S);
    const checking = this.#inTurn(() => this.#fits(attempt));
    this.#underWay.set(name, checking);
    try {
      return await checking;
    } finally {
      this.#underWay.delete(name);
    }
  }

  async #fits(attempt: PasswordAttempt): Promise<boolean> {
    const { password, hash } = attempt;
    const derived = await this.#derive(password, hash, hash.hash.length);
    const right = sameBytes(derived, hash.hash);
    if (right)
      this.#remembered.set(place(attempt), { mac: this.#mac(attempt), until: this.#clock.monotonic() + REMEMBER_MS });
    return right;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await work();
    } finally {
      // The place goes to the next one as it is.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }

  #name(attempt: PasswordAttempt): string {
    return `${place(attempt)} ${this.#mac(attempt).toString('base64')}`;
  }

  /** With the hash within, so that another password of the user makes it another one. */
  #mac({ user, password, hash }: PasswordAttempt): Buffer {
    const hmac = createHmac('sha256', this.#key);
    for (const part of [Buffer.from(user), Buffer.from(password), hash.salt, hash.hash]) {
      hmac.update(`${part.length}:`);
      hmac.update(part);
    }
    return hmac.digest();
  }
}

const place = ({ user, from }: PasswordAttempt): string => `${from} ${user}`;
