import { type Clock, ConditionLost, LabwireError } from '../base/index.ts';
import { Exchange, type ExchangeEnd } from './exchange.ts';
import { Ladder } from './ladder.ts';
import { OwedAnswers } from './owed-answers.ts';
import { Pause } from './pause.ts';
import type { Port } from './port.ts';
import { type Asking, type Outcome, Request } from './request.ts';
import { type Ear, Station, type StationTiming } from './station.ts';
import { echoError, stuckError, timeoutError } from './transaction-errors.ts';

const QUEUE_LIMIT = 64;
/** A line that never becomes quiet is used all the same. */
const QUIET_LIMIT_MS = 1000;

export interface TransactionsOptions {
  readonly port: Port;
  readonly clock: Clock;
  readonly spacingMs: number;
  readonly echo: boolean;
}

/**
 * The requests of all stations of one line, carried out one try at a time. Of the stations that have something to ask
 * and may ask it now, the one that waited longest for its turn comes first; one that has to wait holds up nobody.
 *
 * An answer that comes too late must not be taken for that of the next question. So the answers still owed are kept, and
 * waited for before a question that could take them: for as long as they may take if the instrument is up to twice as
 * slow as it is allowed to be, and until the line is quiet.
 */
export class Transactions {
  readonly #options: TransactionsOptions;
  readonly #ladder: Ladder;
  readonly #owed = new OwedAnswers();
  readonly #pause: Pause;
  /** Who had its turn longest ago comes first. */
  #stations: readonly Station[] = [];
  #stationCount = 0;
  /** Whose turn it is, or was last. */
  #turn: Station | undefined;
  #exchange: Exchange | undefined;
  #isWorking = false;
  /** Monotonic times in ms. */
  #lastEndMs = Number.NEGATIVE_INFINITY;
  #lastLateMs = Number.NEGATIVE_INFINITY;
  #lastChunkMs = Number.NEGATIVE_INFINITY;
  /** When something last arrived that was no answer in time, while answers were owed. */
  #strayMs = Number.NEGATIVE_INFINITY;

  constructor(options: TransactionsOptions) {
    this.#options = options;
    this.#pause = new Pause(options.clock);
    this.#ladder = new Ladder(options.port);
  }

  join(timing: StationTiming, ear: Ear): Station {
    const station = new Station(this.#stationCount++, timing, ear);
    this.#stations = [...this.#stations, station];
    return station;
  }

  /** Ends what the station has under way. What is owed to it stays owed, and to none that was there beside it. */
  leave(station: Station): void {
    if (station.isClosed) return;
    station.heirsFrom = this.#stationCount;
    this.#stations = this.#stations.filter((other) => other !== station);
    if (this.#turn === station) this.#turn = undefined;
    const reason = new LabwireError('PORT_CLOSED', `The link over ${this.#options.port.name} was given up`);
    this.#end(station, 'the link was given up', reason);
    // Who is left alone need not rest.
    this.#pause.end();
  }

  close(): void {
    for (const station of this.#stations) this.leave(station);
  }

  /** Never rejects. */
  request(station: Station, asking: Asking): Promise<Outcome> {
    const { port, clock } = this.#options;
    const request = new Request(asking, port.name, clock.monotonic(), (settled) => this.#settled(station, settled));
    if (request.isSettled) return request.outcome;
    if (station.isClosed) request.settle(() => new ConditionLost(`${request.what}: the link was given up`));
    else if (port.state !== 'open') request.settle(() => new ConditionLost(`${request.what}: the port is not open`));
    else if (station.queue.length > QUEUE_LIMIT)
      request.settle(
        () => new LabwireError('QUEUE_FULL', `${request.what}: ${QUEUE_LIMIT} requests are waiting already`),
      );
    else {
      station.queue.push(request);
      if (this.#isWorking) this.#pause.end();
      else void this.#work();
    }
    return request.outcome;
  }

  /** Something arrived: without the echo it is for the one whose turn it is. */
  hear(bytes: Buffer): void {
    const nowMs = this.#options.clock.monotonic();
    const rest = this.#exchange ? this.#exchange.hear(bytes) : bytes;
    const ear = (this.#turn ?? this.#stations[0])?.ear;
    if (rest.length === 0 || !ear) return;
    this.#lastChunkMs = nowMs;
    if (!this.#owed.isEmpty(nowMs)) this.#strayMs = nowMs;
    ear.push(rest, nowMs);
  }

  /** What a frame is: `answer`, `late` (and counted), or nothing that was asked for: `unexpected` beside a question, else `stale`. */
  take(frame: string): 'answer' | 'late' | 'unexpected' | 'stale' {
    const nowMs = this.#options.clock.monotonic();
    if (this.#exchange?.take(frame)) {
      this.#owed.taken(frame, nowMs);
      this.#strayMs = Number.NEGATIVE_INFINITY;
      return 'answer';
    }
    const owner = this.#owed.take(frame, nowMs);
    if (owner) {
      this.#lastLateMs = nowMs;
      owner.counters.late++;
      owner.ear.drop('late', frame.length);
      this.#pause.end();
      return 'late';
    }
    return this.#exchange?.isListening ? 'unexpected' : 'stale';
  }

  /** Something that a station waits for came, or did not. */
  worked(nowMs: number): void {
    this.#ladder.worked(nowMs);
  }

  failed(station: Station, error: LabwireError): void {
    const { clock, port } = this.#options;
    port.traffic.note('error', error.detail, clock.now());
    const nowMs = clock.monotonic();
    station.silentSinceMs ??= nowMs;
    // Who has not been asked in vain may answer yet: it comes first.
    if (this.#stations.some((other) => other !== station && other.failures === 0 && other.queue.length > 0)) return;
    this.#ladder.failed(error, station.silentSinceMs, nowMs);
  }

  /** The port is open anew: nothing is owed on this connection. */
  begin(): void {
    this.#owed.clear();
    this.#lastEndMs = Number.NEGATIVE_INFINITY;
    this.#strayMs = Number.NEGATIVE_INFINITY;
    for (const station of this.#stations) station.begin();
  }

  lose(reason: Error): void {
    for (const station of this.#stations) this.#end(station, 'the port was lost', reason);
  }

  #end(station: Station, what: string, cause: Error): void {
    for (const request of [...station.queue])
      request.settle(() => new ConditionLost(`${request.what}: ${what}`, { cause }));
    station.ear.lose(what, cause);
  }

  #settled(station: Station, request: Request): void {
    station.remove(request);
    if (this.#exchange?.request === request) this.#exchange.wake();
    else this.#pause.end();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (typeof next === 'number') await this.#pause.wait(next);
      else await this.#perform(next);
    }
    this.#isWorking = false;
  }

  /** Whose turn it is now, or how long until there is a turn, in ms; nothing when nobody has anything to ask. */
  #next(): Station | number | undefined {
    const nowMs = this.#options.clock.monotonic();
    let earliestMs = Number.POSITIVE_INFINITY;
    const isHeldUp = this.#isShared && !this.#owed.isEmpty(nowMs) && this.#isHeldUp(nowMs);
    for (const station of this.#stations) {
      const [request] = station.queue;
      if (!request || (isHeldUp && station.failures > 0 && request.asking.accepts)) continue;
      const readyMs = this.#readyMs(station, request, nowMs);
      if (readyMs <= nowMs) return station;
      earliestMs = Math.min(earliestMs, readyMs);
    }
    return earliestMs === Number.POSITIVE_INFINITY ? undefined : earliestMs - nowMs;
  }

  /** Somebody waits for all that is owed to others: who does not answer anyway is not to owe still more meanwhile. */
  #isHeldUp(nowMs: number): boolean {
    return this.#stations.some((station) => {
      const [request] = station.queue;
      return request && !request.asking.accepts && this.#owed.untilMs(station, request) > nowMs;
    });
  }

  #readyMs(station: Station, request: Request, nowMs: number): number {
    const { spacingMs } = this.#options;
    const spacedMs = Math.max(this.#lastEndMs + spacingMs, station.lastEndMs + station.timing.spacingMs);
    const restedMs = this.#isShared ? Math.max(spacedMs, station.restUntilMs) : spacedMs;
    if (this.#owed.isEmpty(nowMs) && this.#strayMs === Number.NEGATIVE_INFINITY) return restedMs;
    const owedMs = this.#owed.untilMs(station, request);
    const quietLimitMs = Math.max(request.askedMs, station.lastEndMs, owedMs, this.#lastLateMs) + QUIET_LIMIT_MS;
    return Math.max(restedMs, owedMs, Math.min(this.#strayMs + station.quietMs, quietLimitMs));
  }

  get #isShared(): boolean {
    return this.#stations.length > 1;
  }

  async #perform(station: Station): Promise<void> {
    const [request] = station.queue;
    if (!request) return;
    const { clock, port, echo } = this.#options;
    this.#pass(station);
    const { counters, timing } = station;
    if (request.tries > 0) counters.retries++;
    else if (request.asking.expectsReply) counters.queries++;
    const exchange = new Exchange(request, { port, clock, firstByteMs: timing.firstByteMs, echo });
    this.#exchange = exchange;
    const end = await exchange.run();
    this.#exchange = undefined;
    this.#lastEndMs = clock.monotonic();
    station.lastEndMs = this.#lastEndMs;
    if (request.asking.expectsReply) this.#owe(station, exchange, end);
    if (exchange.lacksEcho && exchange.echoBytes > 0) station.ear.drop('echo', exchange.echoBytes);
    this.#conclude(station, exchange, end);
  }

  /** What may still come to this try, and to those before it. */
  #owe(station: Station, { request, sentMs }: Exchange, end: ExchangeEnd): void {
    const untilMs = sentMs + 2 * request.asking.replyMs;
    if (end === 'answered') {
      // Which of its tries was answered cannot be known.
      this.#owed.extend(request, untilMs);
      return;
    }
    this.#owed.add(request, station, untilMs);
    this.#strayMs = this.#lastChunkMs;
  }

  /** Gives the turn to a station. What has begun to arrive before its question is no answer to it. */
  #pass(station: Station): void {
    const reason = this.#owed.isEmpty(this.#options.clock.monotonic()) ? 'stale' : 'late';
    if (this.#turn !== station) this.#turn?.ear.forget(reason, false);
    station.ear.forget(reason, true);
    this.#turn = station;
    if (this.#isShared) this.#stations = [...this.#stations.filter((other) => other !== station), station];
  }

  #conclude(station: Station, exchange: Exchange, end: ExchangeEnd): void {
    const { request } = exchange;
    switch (end) {
      case 'answered':
        this.#ladder.worked(this.#lastEndMs);
        station.answered();
        request.settle(exchange.answer);
        break;
      case 'sent':
        request.settle('');
        break;
      case 'settled':
        break;
      case 'silent':
        this.#unanswered(station, request, exchange.lacksEcho);
        break;
      case 'echo':
        this.#fail(station, request, () => echoError(request));
        break;
      case 'stuck':
        this.#stuck(request);
    }
  }

  #unanswered(station: Station, request: Request, lacksEcho: boolean): void {
    const { asking, firstTryMs } = request;
    station.silentSinceMs ??= firstTryMs;
    // Asked in vain before, it costs those who share its line one time limit, and no more.
    const retries = this.#isShared && station.failures > 0 ? 0 : asking.retries;
    if (asking.expectsReply && request.tries <= retries) return;
    station.counters.timeouts++;
    station.unanswered(asking.replyMs, this.#lastEndMs);
    // Settled first: an opening anew would settle the request as lost.
    this.#fail(station, request, () => timeoutError(request, lacksEcho));
  }

  /** Whatever is written after would queue up behind what the operating system does not take. */
  #stuck(request: Request): void {
    const { port, clock } = this.#options;
    const error = stuckError(request);
    request.settle(() => stuckError(request));
    port.traffic.note('error', error.detail, clock.now());
    port.reopen(error);
  }

  #fail(station: Station, request: Request, makeError: () => LabwireError): void {
    request.settle(makeError);
    this.failed(station, makeError());
  }
}
