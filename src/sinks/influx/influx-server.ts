import { Pool, RequestError } from 'influx/lib/src/pool.js';
import { type Clock, LabwireError, maskSecrets, toError } from '../../base/index.ts';

/** What became of a request, by what is to be done about it. */
export type Answer =
  | { readonly kind: 'done' }
  /** The server is away, busy or broken: try again, after `afterMs` if it says so. */
  | { readonly kind: 'away'; readonly error: LabwireError; readonly afterMs?: number }
  /** It does not let this user in. */
  | { readonly kind: 'denied'; readonly error: LabwireError }
  /** The database is missing. */
  | { readonly kind: 'missing'; readonly error: LabwireError }
  | { readonly kind: 'too-large'; readonly error: LabwireError }
  /** It refuses points; those it can take, it has stored. `all`: it says that it has taken none. */
  | { readonly kind: 'refused'; readonly error: LabwireError; readonly all: boolean };

export interface ServerOptions {
  readonly url: string;
  readonly database: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly org?: string | undefined;
}

const LIMIT_MS = 10_000;

/**
 * One InfluxDB, by its 1.x endpoints. Of the client library it uses the transport alone: its `writePoints` takes some
 * 5 µs a point, and adds a backslash to a text that contains `\'`.
 */
export class InfluxServer {
  readonly #options: ServerOptions;
  readonly #clock: Clock;
  readonly #address: string;
  readonly #pool: Pool;

  constructor(options: ServerOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#address = maskSecrets(options.url);
    // The pool would shut out its only host after a failure; when to try again is the sink's to decide.
    this.#pool = new Pool({ backoff: noBackoff, maxRetries: 0, requestTimeout: LIMIT_MS });
    const headers = options.token === undefined ? {} : { Authorization: `Token ${options.token}` };
    this.#pool.addHost(options.url, { headers });
  }

  /** Writes lines of line protocol with times in ns. Never rejects. */
  async write(lines: readonly string[], signal: AbortSignal): Promise<Answer> {
    const { database, org } = this.#options;
    const query = { db: database, precision: 'n', ...(org !== undefined && { org }) };
    return this.#request(lines.length, { path: '/write', query, body: lines.join('\n') }, signal);
  }

  async createDatabase(signal: AbortSignal): Promise<Answer> {
    const statement = `CREATE DATABASE "${this.#options.database.replace(/["\\]/g, '\\$&')}"`;
    return this.#request(0, { path: '/query', body: new URLSearchParams({ q: statement }).toString() }, signal);
  }

  async #request(
    points: number,
    request: { path: string; body: string; query?: Record<string, string> },
    signal: AbortSignal,
  ): Promise<Answer> {
    const limit = new AbortController();
    const abort = (): void => limit.abort();
    signal.addEventListener('abort', abort, { once: true });
    const timer = this.#clock.setTimer(abort, LIMIT_MS);
    try {
      const { username, password } = this.#options;
      const auth = username === undefined ? {} : { auth: `${username}:${password ?? ''}` };
      // A response that is cut short never settles its promise.
      const aborted = new Promise<never>((_, reject) => {
        limit.signal.addEventListener('abort', () => reject(new Error(`no answer within ${LIMIT_MS / 1000} s`)));
        if (signal.aborted) abort();
      });
      await Promise.race([this.#pool.discard({ method: 'POST', ...request, ...auth, signal: limit.signal }), aborted]);
      return { kind: 'done' };
    } catch (error) {
      return this.#answer(toError(error), points);
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', abort);
    }
  }

  #answer(error: Error, points: number): Answer {
    if (!(error instanceof RequestError)) return { kind: 'away', error: this.#away(error) };
    const status = error.res.statusCode ?? 0;
    const said = words(error);
    if (status === 408 || status === 429) {
      const seconds = Number(error.res.headers['retry-after']);
      return { kind: 'away', error: this.#away(error), ...(seconds > 0 && { afterMs: seconds * 1000 }) };
    }
    if (status === 401 || status === 403)
      return { kind: 'denied', error: this.#refused(`${said}; check user, password or token, and its permissions`) };
    if (status === 404) return { kind: 'missing', error: this.#refused(`${said}; create it, or permit this user to`) };
    if (status === 413) return { kind: 'too-large', error: this.#refused(said) };
    return { kind: 'refused', error: this.#refused(said), all: Number(/dropped=(\d+)/.exec(said)?.[1]) === points };
  }

  #away(cause: Error): LabwireError {
    const reason = cause instanceof AggregateError ? cause.errors.map(String).join('; ') : cause.message;
    return new LabwireError('SINK_UNREACHABLE', `InfluxDB at ${this.#address} takes nothing: ${reason}`, { cause });
  }

  #refused(said: string): LabwireError {
    return new LabwireError(
      'SINK_REFUSED',
      `InfluxDB at ${this.#address}, database ${this.#options.database}: ${said}`,
    );
  }
}

const noBackoff = { getDelay: () => 0, next: () => noBackoff, reset: () => noBackoff };

/** The server's own words, which it wraps in JSON: `{"error":"…"}`, of 2.x `{"code":"…","message":"…"}`. */
function words(error: RequestError): string {
  const message = error.message.replace(/^A (.*?) error occurred: /, '$1: ');
  const said = /"(?:error|message)":"((?:[^"\\]|\\.)*)"/.exec(message)?.[1];
  return (said === undefined ? message : said.replace(/\\(.)/g, '$1')).trim().slice(0, 1000);
}
