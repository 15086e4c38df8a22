import {
  abortError,
  type Clock,
  ConditionLost,
  geometricDelay,
  LabwireError,
  Listeners,
  type Logger,
  sleep,
  type Timer,
  toError,
} from '../base/index.ts';
import type { Connection, Transport } from './connection.ts';
import { OutageLog } from './outage-log.ts';
import { closedError } from './port-errors.ts';
import { nextPortState, type PortEvent, type PortState } from './port-state.ts';
import { within } from './time-limit.ts';
import { Traffic } from './traffic.ts';

export interface PortOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Logger;
  /** Time after an opening in which what arrives is discarded, in ms; default 50. */
  readonly settleMs?: number;
  /** Uniform in [0, 1); default Math.random. */
  readonly random?: () => number;
}

export interface PortCounters {
  /** Times that the port was opened. */
  readonly opens: number;
  /** Times that it was lost while open. */
  readonly losses: number;
  /** Bytes discarded within the settle time. */
  readonly discarded: number;
  /** Times that it was flushed, as an open port that gives no answers is. */
  readonly flushes: number;
  /** Times that it was closed and opened anew since a flush had not helped. */
  readonly reopens: number;
}

const SETTLE_MS = 50;
const OPEN_LIMIT_MS = 10_000;
const FLUSH_LIMIT_MS = 2_000;
const CLOSE_LIMIT_MS = 2_000;
const RETRY_FIRST_MS = 500;
const RETRY_LONGEST_MS = 10_000;
const RETRY_STEPS = 5;
/** The random part of a delay, so that sixteen ports of one hub do not return in step. */
const JITTER = 0.25;
/** A port that held for so long is well: its next failure begins anew, with a log line and the shortest delay. */
const STABLE_MS = RETRY_LONGEST_MS;

/** One opening, from its first byte to its last. What an earlier one still has to say is not heard. */
interface Session {
  connection?: Connection;
  lost?: Error;
}

/**
 * Keeps one way to an instrument open: opens it, lets it settle, notices its loss, and opens it again, at once when the
 * transport sees a sign of it, else after 0.5 s, growing to 10 s. A gateway has one of these per port; what is sent and
 * received over it is a `Link`'s business.
 */
export class Port {
  readonly name: string;
  readonly simulated: boolean;
  /** What lately went over it. */
  readonly traffic = new Traffic();
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #outage: OutageLog;
  readonly #settleMs: number;
  readonly #random: () => number;
  readonly #counters = { opens: 0, losses: 0, discarded: 0, flushes: 0, reopens: 0 };

  readonly #changed = new Listeners<[state: PortState, reason?: Error]>();
  readonly #received = new Listeners<[bytes: Buffer]>();
  readonly #openings = new Listeners<[]>();
  readonly #losses = new Listeners<[reason: Error]>();
  /** Settled with an error when the port is given up. */
  readonly #waiters = new Set<(error?: Error) => void>();

  #state: PortState = 'closed';
  #session: Session | undefined;
  #attempt = new AbortController();
  #retry: Timer | undefined;
  #endWatch: (() => void) | undefined;
  #appeared = false;
  #failures = 0;
  #openSince = 0;
  /** The connection before, until its file descriptor is free: until then it cannot be opened again. */
  #releasing: Promise<void> = Promise.resolve();
  #stopping: Promise<void> = Promise.resolve();

  constructor(options: PortOptions) {
    this.#transport = options.transport;
    this.name = options.transport.name;
    this.simulated = options.transport.simulated;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#outage = new OutageLog(options.log, this.name);
    this.#settleMs = options.settleMs ?? SETTLE_MS;
    this.#random = options.random ?? Math.random;
  }

  get state(): PortState {
    return this.#state;
  }

  get counters(): PortCounters {
    return this.#counters;
  }

  /** Opens the port, and keeps it open until `stop()`. */
  start(): void {
    if (this.#state !== 'closed') return;
    this.#failures = 0;
    this.#change('start');
    void this.#open();
  }

  /** Closes the port and gives it up; settles within 2 s whatever hangs. Idempotent. */
  stop(): Promise<void> {
    if (this.#state !== 'closed') this.#stopping = this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const reason = closedError(this.name);
    this.#attempt.abort(reason);
    this.#retry?.cancel();
    this.#unwatch();
    this.#end('stop', reason);
    for (const waiter of [...this.#waiters]) waiter(reason);
    const ending = this.#releasing.then(() => this.#transport.dispose?.());
    await within(this.#clock, CLOSE_LIMIT_MS, ending, `Closing ${this.name}`).catch((error: unknown) =>
      this.#log.warn({ err: error }, `${this.name} did not close cleanly`),
    );
  }

  /**
   * Resolves when the port is open; waits for that without limit.
   *
   * @throws LabwireError ABORTED by the signal, PORT_CLOSED when the port is stopped meanwhile
   */
  opened(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(abortError(`Waiting for ${this.name}`, signal));
    if (this.#state === 'open') return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        this.#waiters.delete(settle);
        signal.removeEventListener('abort', onAbort);
        if (error) reject(error);
        else resolve();
      };
      const onAbort = (): void => settle(abortError(`Waiting for ${this.name}`, signal));
      this.#waiters.add(settle);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Tells each change of state, with the reason of one for the worse. Returns a function that ends the listening. */
  onChange(listener: (state: PortState, reason?: Error) => void): () => void {
    return this.#changed.add(listener);
  }

  /** What arrives while the port is open; valid only during the call. */
  onData(listener: (bytes: Buffer) => void): () => void {
    return this.#received.add(listener);
  }

  onOpen(listener: () => void): () => void {
    return this.#openings.add(listener);
  }

  /** The port was open and is no longer: lost, reopened, or stopped. */
  onLost(listener: (reason: Error) => void): () => void {
    return this.#losses.add(listener);
  }

  /** @throws ConditionLost when the port is not open, or is lost before the operating system took the bytes */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      const connection = this.#openConnection();
      this.traffic.sent(bytes, this.#clock.now());
      await connection.write(bytes);
    } catch (error) {
      throw error instanceof ConditionLost ? error : this.#notOpen(error);
    }
  }

  /** Discards what the operating system has received. @throws ConditionLost when the port is not open */
  async flush(): Promise<void> {
    const connection = this.#openConnection();
    const session = this.#session;
    this.#counters.flushes++;
    try {
      await within(this.#clock, FLUSH_LIMIT_MS, connection.flush(), `Flushing ${this.name}`);
    } catch (error) {
      if (session) this.#lose(session, toError(error));
      throw this.#notOpen(error);
    }
  }

  /** For a port that is open but dead: closes it and opens it anew. */
  reopen(reason: Error): void {
    if (this.#state !== 'open') return;
    this.#counters.reopens++;
    this.#log.debug({ err: reason }, `${this.name} is opened anew`);
    this.#end('reopen', reason);
    void this.#open();
  }

  #openConnection(): Connection {
    const connection = this.#session?.connection;
    if (this.#state !== 'open' || !connection) throw this.#notOpen();
    return connection;
  }

  #notOpen(cause?: unknown): ConditionLost {
    return new ConditionLost(`${this.name} is not open`, cause === undefined ? {} : { cause });
  }

  /** Makes one attempt; never rejects. */
  async #open(): Promise<void> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#appeared = false;
    this.#watch();
    await this.#stopping;
    await this.#releasing;
    const session: Session = {};
    const limit = this.#clock.setTimer(
      () =>
        attempt.abort(new LabwireError('TIMEOUT', `Opening ${this.name} took longer than ${OPEN_LIMIT_MS / 1000} s`)),
      OPEN_LIMIT_MS,
    );
    try {
      if (attempt.signal.aborted) return;
      const connection = await this.#transport.open(
        { data: (bytes) => this.#receive(session, bytes), lost: (error) => this.#lose(session, error) },
        attempt.signal,
      );
      limit.cancel();
      session.connection = connection;
      if (this.#attempt !== attempt || this.#state !== 'opening') this.#release(connection);
      else await this.#settle(session, connection, attempt.signal);
    } catch (error) {
      const reason = attempt.signal.aborted ? toError(attempt.signal.reason) : toError(error);
      if (this.#attempt === attempt && this.#state === 'opening') this.#fail(reason);
    } finally {
      limit.cancel();
    }
  }

  /** Some adapters close within milliseconds of an opening, or send what they held from before it. */
  async #settle(session: Session, connection: Connection, signal: AbortSignal): Promise<void> {
    this.#session = session;
    this.#change('opened');
    if (session.lost) return this.#lose(session, session.lost);
    try {
      if (this.#settleMs > 0) await sleep(this.#clock, this.#settleMs, signal);
      await within(this.#clock, FLUSH_LIMIT_MS, connection.flush(), `Flushing ${this.name}`);
    } catch (error) {
      this.#lose(session, toError(error));
    }
    if (this.#session !== session) return;
    this.#counters.opens++;
    this.#openSince = this.#clock.monotonic();
    this.#unwatch();
    this.#change('settled');
    this.#outage.opened();
    this.#openings.tell();
    for (const waiter of [...this.#waiters]) waiter();
  }

  #receive(session: Session, bytes: Buffer): void {
    if (this.#session === session && this.#state === 'open') {
      this.traffic.received(bytes, this.#clock.now());
      this.#received.tell(bytes);
      return;
    }
    this.#counters.discarded += bytes.length;
    this.traffic.discarded(bytes, this.#clock.now());
  }

  #lose(session: Session, reason: Error): void {
    session.lost ??= reason;
    if (this.#session !== session) return;
    if (this.#state === 'open') {
      this.#counters.losses++;
      if (this.#clock.monotonic() - this.#openSince >= STABLE_MS) {
        this.#failures = 0;
        this.#outage.begin();
      }
    }
    this.#end('lost', reason);
    this.#outage.failed(reason);
    this.#wait();
  }

  #fail(reason: Error): void {
    this.#change('failed', reason);
    this.#outage.failed(reason);
    this.#wait();
  }

  /** Leaves the present connection, if there is one; who had it learns of it. */
  #end(event: PortEvent, reason: Error): void {
    const connection = this.#session?.connection;
    const wasOpen = this.#state === 'open';
    this.#session = undefined;
    if (connection) this.#release(connection);
    this.#change(event, reason);
    if (wasOpen) this.#losses.tell(reason);
  }

  #release(connection: Connection): void {
    const closing = within(this.#clock, CLOSE_LIMIT_MS, connection.close(), `Closing ${this.name}`);
    this.#releasing = closing.catch((error: unknown) =>
      this.#log.warn({ err: error }, `${this.name} did not close cleanly`),
    );
  }

  #wait(): void {
    if (this.#state !== 'waiting') return;
    this.#failures++;
    this.#watch();
    if (this.#appeared) {
      this.#tryAgain();
      return;
    }
    const delay = geometricDelay(this.#failures, RETRY_FIRST_MS, RETRY_LONGEST_MS, RETRY_STEPS);
    this.#retry = this.#clock.setTimer(() => this.#tryAgain(), delay * (1 - JITTER * this.#random()));
  }

  #tryAgain(): void {
    if (this.#state !== 'waiting') return;
    this.#retry?.cancel();
    this.#change('retry');
    void this.#open();
  }

  /** Only while the port is not open: every write to a device is an event in its folder. */
  #watch(): void {
    this.#endWatch ??= this.#transport.watch?.(() => {
      this.#appeared = true;
      this.#tryAgain();
    });
  }

  #unwatch(): void {
    this.#endWatch?.();
    this.#endWatch = undefined;
  }

  #change(event: PortEvent, reason?: Error): void {
    const state = nextPortState(this.#state, event);
    if (state === this.#state) return;
    this.#state = state;
    this.traffic.note('state', reason ? `${state}: ${reason.message}` : state, this.#clock.now());
    this.#changed.tell(state, reason);
  }
}
