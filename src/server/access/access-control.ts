import type { IncomingHttpHeaders } from 'node:http';
import {
  atLeast,
  type Clock,
  isLoopbackHost,
  type Logger,
  silentLogger,
  systemClock,
  within,
} from '../../base/index.ts';
import type { Access } from '../gate.ts';
import { Attempts } from './attempts.ts';
import { type Credentials, credentialsOf } from './credentials.ts';
import { LastUse } from './last-use.ts';
import { isForeign, isFromHere, normalOrigin } from './origin.ts';
import { PasswordCheck } from './password-check.ts';
import type { Principal, Visit } from './principal.ts';
import { AccessRefused, wrongCredentials } from './refusal.ts';
import type { Derive } from './scrypt.ts';
import { sameBytes } from './secret.ts';
import { type Session, Sessions } from './sessions.ts';
import { addressKey } from './throttle.ts';
import type { TokenEntry } from './token-file.ts';
import { Tokens } from './tokens.ts';
import { type User, type UserEntry, Users } from './users.ts';
import { Watched } from './watched.ts';

/** Of a stop, which has to end soon. */
const WRITE_LIMIT_MS = 300;

/** What the configuration says of it, and may say otherwise while the server runs. */
export interface AccessSettings {
  /** Where the server listens. */
  readonly host: string;
  /** By name. */
  readonly users: Readonly<Record<string, UserEntry>>;
  /** Of pages of other servers that may ask here, e.g. `https://lab.example:3000`. */
  readonly origins: readonly string[];
}

export interface AccessParts {
  /** Where the tokens are; without it there are none. */
  readonly tokenFile?: string;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** How passwords are hashed; default scrypt on the thread pool. For tests. */
  readonly derive?: Derive;
}

/** What a principal rests on: it lives as long as that does. */
type Grounds =
  | { readonly kind: 'local' }
  | { readonly kind: 'password'; readonly user: User }
  | { readonly kind: 'token'; readonly entry: TokenEntry }
  | { readonly kind: 'session'; readonly session: Session };

/**
 * Who may come in. On a server that listens on loopback and has no users, every program on this machine may do
 * everything; any other one wants a password, a token, or the cookie of who has logged in.
 */
export class AccessControl {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #passwords: PasswordCheck;
  readonly #attempts: Attempts;
  readonly #tokens: Tokens;
  readonly #lastUse: LastUse | undefined;
  readonly #sessions: Sessions;
  readonly #watched: Watched;
  readonly #grounds = new WeakMap<Principal, Grounds>();
  #users: Users;
  #origins: ReadonlySet<string>;
  #open: boolean;

  /** @throws LabwireError CONFIG_INVALID where a user's password is no hash */
  constructor(settings: AccessSettings, parts: AccessParts = {}) {
    const { clock = systemClock, log = silentLogger, tokenFile, derive } = parts;
    this.#clock = clock;
    this.#log = log;
    this.#users = new Users(settings.users);
    this.#origins = originSet(settings);
    this.#open = isOpen(settings);
    this.#passwords = new PasswordCheck(clock, derive);
    this.#attempts = new Attempts(clock, log);
    this.#tokens = new Tokens(tokenFile, clock, log);
    this.#lastUse = tokenFile === undefined ? undefined : new LastUse(tokenFile, clock, log);
    this.#sessions = new Sessions(clock);
    this.#watched = new Watched(
      clock,
      (principal) => this.current(principal),
      () => this.#tokens.refresh(),
    );
  }

  /** Goes over to other settings at once; who keeps his rights notices nothing. @throws LabwireError CONFIG_INVALID */
  apply(settings: AccessSettings): void {
    this.#users = new Users(settings.users);
    this.#origins = originSet(settings);
    this.#open = isOpen(settings);
    this.#watched.look();
  }

  /** Writes down when tokens were last used, unless the disk hangs. Never rejects. */
  async stop(): Promise<void> {
    if (!this.#lastUse) return;
    const written = this.#lastUse.flush((id) => this.#tokens.has(id));
    await within(this.#clock, WRITE_LIMIT_MS, written, 'Writing the last use of tokens').catch((error: Error) =>
      this.#log.warn({ err: error }, error.message),
    );
  }

  /** Rejects with LabwireError UNAUTHENTICATED, FORBIDDEN, TOO_MANY_ATTEMPTS. */
  async authenticate(visit: Visit): Promise<Principal> {
    this.refuseForeign(visit.headers);
    return this.#byCredentials(credentialsOf(visit.headers, visit.token), visit);
  }

  allows(principal: Principal, access: Access): boolean {
    if (access === 'public') return true;
    return access === 'local' ? principal.fromHere : atLeast(principal.role, access);
  }

  /** Whether a page of that origin may ask here, though it is of another server. */
  lists(origin: string): boolean {
    const normal = normalOrigin(origin);
    return normal !== undefined && this.#origins.has(normal);
  }

  /** @throws AccessRefused FORBIDDEN where a browser asks for a page of another server */
  refuseForeign(headers: IncomingHttpHeaders): void {
    if (!isForeign(headers, this.#origins)) return;
    const page = headers.origin === undefined ? 'another server' : headers.origin.slice(0, 100);
    throw new AccessRefused('FORBIDDEN', `Pages of ${page} may not ask here; if they are to, add it to server.origins`);
  }

  /** What somebody is and may do now; undefined once that is nothing any more. */
  current(principal: Principal): Principal | undefined {
    const grounds = this.#grounds.get(principal);
    const role = grounds && this.#roleOf(grounds);
    if (!grounds || !role) return undefined;
    return role === principal.role ? principal : this.#principal({ ...principal, role }, grounds);
  }

  /**
   * Tells when somebody who stays connected may do something else than before, with undefined when it is nothing any
   * more: his connection is to be cut. Returns a function that ends it.
   */
  watch(principal: Principal, told: (principal: Principal | undefined) => void): () => void {
    return this.#watched.add(principal, told);
  }

  /** Opens a session. @returns the value of its cookie. Rejects with LabwireError as `authenticate` does */
  async login(name: string, password: string, visit: Visit): Promise<{ cookie: string; principal: Principal }> {
    const user = await this.#userOf(name, password, visit);
    const cookie = this.#sessions.open(user.name, user.hash.hash);
    const session = this.#sessions.find(cookie);
    if (!session) throw wrongCredentials();
    const { role } = user;
    return {
      cookie,
      principal: this.#principal({ name, role, way: 'session', ...from(visit) }, { kind: 'session', session }),
    };
  }

  /** Ends the session of a request, where it has one. */
  logout(headers: IncomingHttpHeaders): void {
    const given = credentialsOf({ cookie: headers.cookie });
    const session = given.kind === 'session' ? this.#sessions.find(given.session) : undefined;
    if (!session) return;
    this.#sessions.close(session);
    this.#watched.look();
  }

  async #byCredentials(given: Credentials, visit: Visit): Promise<Principal> {
    switch (given.kind) {
      case 'password': {
        const user = await this.#userOf(given.user, given.password, visit);
        const { name, role } = user;
        return this.#principal({ name, role, way: 'password', ...from(visit) }, { kind: 'password', user });
      }
      case 'token':
        return this.#byToken(given.token, visit);
      case 'session':
        return this.#bySession(given.session, visit) ?? this.#withoutCredentials(visit);
      case 'malformed':
        return this.#failed(visit);
      case 'none':
        return this.#withoutCredentials(visit);
    }
  }

  /** The user whose password it is. */
  async #userOf(name: string, password: string, visit: Visit): Promise<User> {
    const { remoteAddress } = visit;
    this.#attempts.refuseFrom(remoteAddress);
    const attempt = { user: name, password, hash: this.#users.hashFor(name), from: addressKey(remoteAddress) };
    if (!this.#passwords.remembers(attempt)) await this.#check(attempt, remoteAddress);
    const user = this.#users.get(name);
    // It may have become another one while the password was checked.
    if (!user || !sameBytes(user.hash.hash, attempt.hash.hash)) throw wrongCredentials();
    return user;
  }

  async #check(attempt: Parameters<PasswordCheck['check']>[0], address: string | undefined): Promise<void> {
    this.#attempts.refuseFor(attempt.user);
    const takeBack = this.#passwords.checks(attempt) ? () => {} : this.#attempts.note(address, attempt.user);
    let failed = false;
    try {
      failed = !(await this.#passwords.check(attempt));
    } finally {
      if (!failed) takeBack();
    }
    if (failed) throw wrongCredentials();
  }

  /** One that is right passes even where others have failed: nobody guesses 256 bits. */
  async #byToken(text: string, visit: Visit): Promise<Principal> {
    const entry = await this.#tokens.find(text);
    if (!entry) return this.#failed(visit);
    this.#lastUse?.note(entry.id);
    const { name, role } = entry;
    return this.#principal({ name, role, way: 'token', ...from(visit) }, { kind: 'token', entry });
  }

  #failed({ remoteAddress }: Visit): never {
    this.#attempts.refuseFrom(remoteAddress);
    this.#attempts.note(remoteAddress);
    throw wrongCredentials();
  }

  /** An old cookie is no failed attempt: a browser sends it by itself, to every server of this name. */
  #bySession(cookie: string, visit: Visit): Principal | undefined {
    const session = this.#sessions.find(cookie);
    const role = session && this.#roleOf({ kind: 'session', session });
    if (!role) return undefined;
    return this.#principal({ name: session.user, role, way: 'session', ...from(visit) }, { kind: 'session', session });
  }

  #withoutCredentials(visit: Visit): Principal {
    if (!this.#open) throw new AccessRefused('UNAUTHENTICATED', 'Who asks here needs a password or a token');
    if (isFromHere(visit))
      return this.#principal({ name: 'local', role: 'admin', way: 'local', ...from(visit) }, { kind: 'local' });
    const remedy = 'ask 127.0.0.1 or localhost, or configure server.users';
    throw new AccessRefused('FORBIDDEN', `Without credentials this is only for programs on this machine: ${remedy}`);
  }

  #principal(principal: Principal, grounds: Grounds): Principal {
    this.#grounds.set(principal, grounds);
    return principal;
  }

  /** Undefined where the grounds are gone. */
  #roleOf(grounds: Grounds): Principal['role'] | undefined {
    switch (grounds.kind) {
      case 'local':
        return this.#open ? 'admin' : undefined;
      case 'password':
        return this.#roleOfUser(grounds.user.name, grounds.user.hash.hash);
      case 'token':
        return this.#tokens.current(grounds.entry)?.role;
      case 'session':
        return this.#sessions.isOpen(grounds.session)
          ? this.#roleOfUser(grounds.session.user, grounds.session.passwordHash)
          : undefined;
    }
  }

  #roleOfUser(name: string, hash: Buffer): Principal['role'] | undefined {
    const user = this.#users.get(name);
    return user && sameBytes(user.hash.hash, hash) ? user.role : undefined;
  }
}

const from = (visit: Visit): { readonly fromHere: boolean } => ({ fromHere: isFromHere(visit) });

function isOpen({ host, users }: AccessSettings): boolean {
  return isLoopbackHost(host) && Object.keys(users).length === 0;
}

function originSet({ origins }: AccessSettings): ReadonlySet<string> {
  return new Set(origins.flatMap((origin) => normalOrigin(origin) ?? []));
}
