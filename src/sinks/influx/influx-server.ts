import { Pool, RequestError } from 'influx/lib/src/pool.js';
import { type Clock, LabwireError, maskSecrets, toError } from '../../base/index.ts';
import { networkRemedy } from '../network-remedy.ts';

type PoolOptions = Omit<Parameters<Pool['discard']>[0], 'path'>;

/** What became of a request, by what is to be done about it. */
export type Answer =
  | { readonly kind: 'done' }
  /** The server is away, busy or broken: try again, after `afterMs` if it says so. */
  | { readonly kind: 'away'; readonly error: LabwireError; readonly afterMs?: number }
  /** It does not let this user in, or does not understand the request at all: somebody's hand is needed. */
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
  /** Of a database that is made, s; default for ever. */
  readonly retention?: number | undefined;
}

const LIMIT_MS = 10_000;
const LONGEST_RETRY_AFTER_MS = 600_000;
const LONGEST_WORDS = 1000;
/**
 * How InfluxDB's sentences begin that it answers with 400 where it is not the points that are wrong. What it says of
 * points begins otherwise (`partial write: …`, `unable to parse …`), and quotes names and values of theirs.
 */
const OF_THE_REQUEST = new RegExp(
  `^(${[
    '(a )?(database|db|bucket|org|organization)( name| id)? (is required|required|not found|not specified)',
    '(database|bucket|organization)( name| id)? "[^"]*" not found',
    '(missing|invalid) (db|database|bucket|org|organization|precision)\\b',
    'no org/bucket destination',
    'failed to (decode|deserialize) (request|org/bucket)',
    'retention policy not found',
  ].join('|')})`,
  'i',
);

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
    const path = { path: '/write', query, body: lines.join('\n') };
    return this.#limited((limit) => this.#pool.discard({ ...this.#base(limit), ...path }), lines.length, signal);
  }

  /** Makes the database, with its retention as the default policy. Never rejects. */
  async createDatabase(signal: AbortSignal): Promise<Answer> {
    const { retention } = this.#options;
    const policy = retention === undefined ? '' : ` WITH DURATION ${Math.round(retention)}s NAME "labwire"`;
    return this.#limited((limit) => this.#query(`CREATE DATABASE ${this.#database}${policy}`, limit), 0, signal);
  }

  /**
   * How long the database keeps a point by default, in s, 0: for ever; undefined where this user is not told. Never
   * rejects.
   */
  async retention(signal: AbortSignal): Promise<number | undefined> {
    let text = '';
    await this.#limited(
      async (limit) => {
        text = await this.#query(`SHOW RETENTION POLICIES ON ${this.#database}`, limit);
      },
      0,
      signal,
    );
    // A row: name, duration, shard's duration, replicas, whether it is the default.
    const [, hours, minutes, seconds] = /"(?:(\d+)h)?(?:(\d+)m)?(\d+)s","[^"]*",\d+,true\]/.exec(text) ?? [];
    return seconds === undefined ? undefined : Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds);
  }

  get #database(): string {
    return `"${this.#options.database.replace(/["\\]/g, '\\$&')}"`;
  }

  async #query(statement: string, signal: AbortSignal): Promise<string> {
    const body = new URLSearchParams({ q: statement }).toString();
    const answer = await this.#pool.text({ ...this.#base(signal), path: '/query', body });
    // A statement that fails is answered with status 200.
    const said = wordsOf(answer);
    if (said !== undefined) throw new Error(said);
    return answer;
  }

  #base(signal: AbortSignal): PoolOptions {
    const { username, password } = this.#options;
    const auth = username === undefined ? {} : { auth: `${username}:${password ?? ''}` };
    return { method: 'POST', signal, ...auth };
  }

  async #limited(
    request: (limit: AbortSignal) => Promise<unknown>,
    points: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    const limit = new AbortController();
    const abort = (): void => limit.abort();
    signal.addEventListener('abort', abort, { once: true });
    const timer = this.#clock.setTimer(abort, LIMIT_MS);
    try {
      // A response that is cut short never settles its promise.
      const aborted = new Promise<never>((_, reject) => {
        limit.signal.addEventListener('abort', () => reject(new Error(`no answer within ${LIMIT_MS / 1000} s`)));
        if (signal.aborted) abort();
      });
      await Promise.race([request(limit.signal), aborted]);
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
    const message = error.message.replace(/^A (.*?) error occurred: /, '$1: ').trim();
    const own = wordsOf(message);
    const said = (own ?? message).slice(0, LONGEST_WORDS);
    if (status === 408 || status === 429) {
      const afterMs = retryAfter(error.res.headers['retry-after'], this.#clock);
      return { kind: 'away', error: this.#away(error), ...(afterMs !== undefined && { afterMs }) };
    }
    if (status === 401 || status === 403)
      return { kind: 'denied', error: this.#refused(`${said}; check user, password or token, and its permissions`) };
    if (status === 404 && own !== undefined)
      return { kind: 'missing', error: this.#refused(`${said}; create it, or permit this user to`) };
    if (status === 413) return { kind: 'too-large', error: this.#refused(said) };
    // Only a database's own words on the points are a judgement on them.
    if ((status === 400 || status === 422) && own !== undefined && !OF_THE_REQUEST.test(own))
      return { kind: 'refused', error: this.#refused(said), all: Number(/dropped=(\d+)/.exec(own)?.[1]) === points };
    return { kind: 'denied', error: this.#refused(`${said}; check the url: is it that of an InfluxDB?`) };
  }

  #away(cause: Error): LabwireError {
    const reason = cause instanceof AggregateError ? cause.errors.map(String).join('; ') : cause.message;
    return new LabwireError(
      'SINK_UNREACHABLE',
      `InfluxDB at ${this.#address} takes nothing: ${reason}${networkRemedy(reason)}`,
      {
        cause,
      },
    );
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
function wordsOf(text: string): string | undefined {
  const said = /"(?:error_message|error|message)":\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  return said?.replace(/\\(.)/g, '$1').trim();
}

/** Seconds or a date (RFC 9110, 10.2.3), as ms from now on, within reason. */
function retryAfter(header: string | undefined, clock: Clock): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - clock.now() / 1000;
  return ms > 0 ? Math.min(ms, LONGEST_RETRY_AFTER_MS) : undefined;
}
