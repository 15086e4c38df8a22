import type { Clock } from '../../base/index.ts';
import { BoundedMap } from './bounded-map.ts';
import { digestOf, newSecret, sameBytes } from './secret.ts';

/** Without a request for so long, and after so long in any case, one has to log in again. */
const IDLE_MS = 12 * 3_600_000;
const LONGEST_MS = 7 * 86_400_000;
const MOST = 1000;
const MOST_OF_A_USER = 32;

export const SESSION_SECONDS = LONGEST_MS / 1000;

export interface Session {
  readonly id: string;
  readonly user: string;
  /** Of the user's password when he logged in: with another one the session is over. */
  readonly passwordHash: Buffer;
  readonly digest: Buffer;
  readonly until: number;
  idleUntil: number;
}

/** Who has logged in by the web page. In memory: after a restart one logs in again. */
export class Sessions {
  readonly #clock: Clock;
  readonly #byId = new BoundedMap<string, Session>(MOST);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** @returns what the cookie holds */
  open(user: string, passwordHash: Buffer): string {
    this.#drop((session) => !this.#lives(session));
    const own = [...this.#byId].filter(([, session]) => session.user === user);
    for (const [id] of own.slice(0, Math.max(0, own.length + 1 - MOST_OF_A_USER))) this.#byId.delete(id);
    const id = newSecret().slice(0, 16);
    const secret = newSecret();
    const now = this.#clock.monotonic();
    const session = { id, user, passwordHash, digest: digestOf(secret), until: now + LONGEST_MS };
    this.#byId.set(id, { ...session, idleUntil: now + IDLE_MS });
    return `${id}.${secret}`;
  }

  /** The session of a cookie. */
  find(cookie: string): Session | undefined {
    const [id = '', secret = ''] = cookie.split('.', 2);
    const session = this.#byId.get(id);
    if (!session || !sameBytes(session.digest, digestOf(secret)) || !this.#lives(session)) return undefined;
    session.idleUntil = this.#clock.monotonic() + IDLE_MS;
    return session;
  }

  /** Whether a session that was found before is still open. Being asked for is a use of it: a page may only listen. */
  isOpen(session: Session): boolean {
    if (this.#byId.get(session.id) !== session || !this.#lives(session)) return false;
    session.idleUntil = this.#clock.monotonic() + IDLE_MS;
    return true;
  }

  close(session: Session): void {
    this.#byId.delete(session.id);
  }

  #lives({ until, idleUntil }: Session): boolean {
    return this.#clock.monotonic() < Math.min(until, idleUntil);
  }

  #drop(which: (session: Session) => boolean): void {
    for (const [id, session] of [...this.#byId]) if (which(session)) this.#byId.delete(id);
  }
}
