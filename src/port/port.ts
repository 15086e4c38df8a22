import {
  abortError,
  type Clock,
  ConditionLost,
  LabwireError,
  Listeners,
  type Logger,
  sleep,
  type Timer,
  toError,
  unlessAborted,
  within,
} from '../base/index.ts';
import type { Connection, Transport } from './connection.ts';
import { Leftovers } from './leftovers.ts';
import { OutageLog } from './outage-log.ts';
import { nextPortState, type PortEvent, type PortState } from './port-state.ts';
import { retryDelay, STABLE_MS } from './retry-delay.ts';
import { Session } from './session.ts';
import { Traffic } from './traffic/traffic.ts';
import { closedError } from './transport/port-errors.ts';

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
  /** Bytes discarded since they arrived within the settle time, or from a connection that was over. */
  readonly discarded: number;
  /** Times that it was flushed, as an open port that gives no answers is. */
  readonly flushes: number;
  /** Times that it was closed and opened anew since a flush had not helped. */
  readonly reopens: number;
}

const SETTLE_MS = 50;
const OPEN_LIMIT_MS = 10_000;
const FLUSH_LIMIT_MS = 2_000;
const CLOSE_LIMIT_MS = 1_500;
/** More than closing may take: what then comes up is still told. */
const STOP_LIMIT_MS = 2_000;

/**
 * Keeps one way to an instrument open: opens it, lets it settle, notices its loss, and opens it again, at once when the
 * transport sees a sign of it, else after 0.5 s, growing to 10 s. There is never more than one connection. A gateway has
 * one of these per port; what is sent and received over it is a `Link`'s business.
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
  /** Settled with false when the port is given up. */
  readonly #waiters = new Set<(isOpen: boolean) => void>();

  #state: PortState = 'closed';
  #lastError: Error | undefined;
  #session: Session | undefined;
  /** The attempt under way, until the port is open. */
  #attempt: AbortController | undefined;
  #retry: Timer | undefined;
  #endWatch: (() => void) | undefined;
  #appeared = false;
  /** Failed attempts and losses since it was last well. */
  #failures = 0;
  #openSince = 0;
  /** Their file descriptors are not free: until they are, the port cannot be opened again. */
  readonly #leftovers = new Leftovers();
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

  /** Why it is not open, as `onChange()` told last; undefined while it is open, and from `start()` until something fails. */
  get lastError(): Error | undefined {
    return this.#lastError;
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
    if (this.#state !== 'closed') this.#stopping = this.#stop(this.#stopping);
    for (const waiter of [...this.#waiters]) waiter(false);
    return this.#stopping;
  }

  async #stop(before: Promise<void>): Promise<void> {
    const reason = closedError(this.name);
    this.#retry?.cancel();
    this.#unwatch();
    this.#end('stop', reason);
    const ending = before.then(() => this.#giveUp());
    await within(this.#clock, STOP_LIMIT_MS, ending, `Closing ${this.name}`).catch(this.#notClean);
  }

  /** The transport is given up also where an opening or a closing never ends. */
  async #giveUp(): Promise<void> {
    const limit = new AbortController();
    const timer = this.#clock.setTimer(() => limit.abort(), CLOSE_LIMIT_MS);
    await this.#leftovers.gone(`Waiting for the end of ${this.name}`, limit.signal).catch(this.#notClean);
    timer.cancel();
    await this.#transport.dispose?.();
  }

  /**
   * Resolves when the port is open; waits for that without limit.
   *
   * @throws LabwireError ABORTED by the signal, PORT_CLOSED when the port is stopped meanwhile
   */
  async opened(signal: AbortSignal): Promise<void> {
    const isOpen = this.#state === 'open' || (await this.#untilOpen(signal));
    // Made here and not where the wait ended, so that the stack shows the caller.
    if (signal.aborted) throw abortError(`Waiting for ${this.name}`, signal);
    if (!isOpen) throw closedError(this.name);
  }

  #untilOpen(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(false);
      const settle = (isOpen: boolean): void => {
        this.#waiters.delete(settle);
        signal.removeEventListener('abort', onAbort);
        resolve(isOpen);
      };
      const onAbort = (): void => settle(false);
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
    const { session, connection } = this.#openSession();
    this.traffic.sent(bytes, this.#clock.now());
    try {
      await session.during(connection.write(bytes));
    } catch (error) {
      this.#lose(session, toError(error));
      throw this.#notOpen(error);
    }
  }

  /** Discards what the operating system has received. @throws ConditionLost when the port is not open */
  async flush(): Promise<void> {
    const { session, connection } = this.#openSession();
    this.#counters.flushes++;
    try {
      await this.#flush(session, connection);
    } catch (error) {
      this.#lose(session, toError(error));
      throw this.#notOpen(error);
    }
  }

  /** For a port that is open but dead: closes it and opens it anew. */
  reopen(reason: Error): void {
    if (this.#state !== 'open') return;
    this.#counters.reopens++;
    this.#forgetFailures();
    this.#outage.reopened(reason);
    this.#end('reopen', reason);
    void this.#open();
  }

  #openSession(): { session: Session; connection: Connection } {
    const session = this.#session;
    if (this.#state !== 'open' || !session?.connection) throw this.#notOpen();
    return { session, connection: session.connection };
  }

  #flush(session: Session, connection: Connection): Promise<void> {
    return within(this.#clock, FLUSH_LIMIT_MS, session.during(connection.flush()), `Flushing ${this.name}`);
  }

  #notOpen(cause?: unknown): ConditionLost {
    return new ConditionLost(`${this.name} is not open`, cause === undefined ? {} : { cause });
  }

  /** Makes one attempt, unless who was told that one is due has ended or begun it; never rejects. */
  async #open(): Promise<void> {
    if (this.#state !== 'opening' || this.#attempt) return;
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#appeared = false;
    this.#watch();
    const limit = this.#clock.setTimer(
      () =>
        attempt.abort(new LabwireError('TIMEOUT', `Opening ${this.name} took longer than ${OPEN_LIMIT_MS / 1000} s`)),
      OPEN_LIMIT_MS,
    );
    try {
      await this.#stopped();
      await this.#leftovers.gone(`Opening ${this.name}`, attempt.signal);
      const session = new Session();
      const connection = await this.#connect(session, attempt.signal);
      limit.cancel();
      if (attempt.signal.aborted) this.#release(connection);
      else await this.#settle(session, connection, attempt.signal);
    } catch (error) {
      if (this.#attempt === attempt) this.#fail(toError(attempt.signal.aborted ? attempt.signal.reason : error));
    } finally {
      limit.cancel();
      if (this.#attempt === attempt) this.#attempt = undefined;
    }
  }

  /** Who is told of a stop may begin anew, before that stop is noted here. */
  async #stopped(): Promise<void> {
    for (let stopping: Promise<void> | undefined; stopping !== this.#stopping; ) {
      stopping = this.#stopping;
      await stopping;
    }
  }

  /** Ends at once when the attempt is given up, though its opening may hang in a driver and come later. */
  #connect(session: Session, signal: AbortSignal): Promise<Connection> {
    const events = {
      data: (bytes: Buffer) => this.#receive(session, bytes),
      lost: (error: Error) => this.#lose(session, error),
    };
    const opening = this.#transport.open(events, signal);
    this.#leftovers.add(
      opening.then((connection) => {
        if (signal.aborted) this.#release(connection);
      }),
    );
    return unlessAborted(opening, `Opening ${this.name}`, signal);
  }

  /** Some adapters close within milliseconds of an opening, or send what they held from before it. */
  async #settle(session: Session, connection: Connection, signal: AbortSignal): Promise<void> {
    session.connection = connection;
    this.#session = session;
    this.#change('opened');
    if (session.lost) this.#lose(session, session.lost);
    try {
      if (this.#settleMs > 0) await sleep(this.#clock, this.#settleMs, signal);
      if (this.#session === session) await this.#flush(session, connection);
    } catch (error) {
      this.#lose(session, toError(error));
    }
    if (this.#session !== session) return;
    this.#counters.opens++;
    this.#openSince = this.#clock.monotonic();
    this.#unwatch();
    this.#outage.opened();
    // Whoever is told may end it: then the others are not told that it is open.
    this.#change('settled');
    if (this.#session === session) this.#openings.tell();
    if (this.#session === session) for (const waiter of [...this.#waiters]) waiter(true);
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
    const wasOpen = this.#state === 'open';
    if (wasOpen) {
      this.#counters.losses++;
      this.#forgetFailures();
    }
    this.#end('lost', reason);
    this.#wait(reason);
  }

  #fail(reason: Error): void {
    this.#attempt = undefined;
    this.#change('failed', reason);
    this.#wait(reason);
  }

  /** A port that was well: its next failure is the first of a row. */
  #forgetFailures(): void {
    if (this.#clock.monotonic() - this.#openSince < STABLE_MS) return;
    this.#failures = 0;
    this.#outage.begin();
  }

  /** Leaves the present connection, if there is one; who had it learns of it. */
  #end(event: PortEvent, reason: Error): void {
    const session = this.#session;
    const wasOpen = this.#state === 'open';
    this.#session = undefined;
    this.#attempt?.abort(reason);
    this.#attempt = undefined;
    if (session?.connection) this.#release(session.connection);
    session?.end(reason);
    this.#change(event, reason);
    if (wasOpen) this.#losses.tell(reason);
  }

  #release(connection: Connection): void {
    const closing = within(this.#clock, CLOSE_LIMIT_MS, connection.close(), `Closing ${this.name}`);
    this.#leftovers.add(closing.catch(this.#notClean));
  }

  readonly #notClean = (error: unknown): void =>
    this.#log.warn({ err: error }, `${this.name} did not close cleanly; if it does not open again, unplug it`);

  #wait(reason: Error): void {
    // Who was told of the end may have stopped the port.
    if (this.#state !== 'waiting') return;
    this.#outage.failed(reason);
    this.#failures++;
    this.#watch();
    if (this.#appeared) {
      this.#tryAgain();
      return;
    }
    this.#retry = this.#clock.setTimer(() => this.#tryAgain(), retryDelay(this.#failures, this.#random()));
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
    if (reason) this.#lastError = reason;
    else if (event === 'start' || state === 'open') this.#lastError = undefined;
    this.traffic.note('state', reason ? `${state}: ${reason.message}` : state, this.#clock.now());
    this.#changed.tell(state, reason);
  }
}
