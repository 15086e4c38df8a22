import { type Clock, ConditionLost, LabwireError } from '../../base/index.ts';
import type { Port } from '../port.ts';
import { Exchange, type ExchangeEnd } from './exchange.ts';
import { Ladder } from './ladder.ts';
import { OwedAnswers } from './owed-answers.ts';
import { Pause } from './pause.ts';
import { type Asking, type Outcome, Request } from './request.ts';
import type { Ear, Station, StationTiming } from './station.ts';
import { echoError, stuckError, timeoutError } from './transaction-errors.ts';
import { Turns } from './turns.ts';

const QUEUE_LIMIT = 64;

export interface TransactionsOptions {
  readonly port: Port;
  readonly clock: Clock;
  readonly spacingMs: number;
  readonly echo: boolean;
}

/**
 * The requests of all stations of one line, carried out one try at a time, in turn.
 *
 * An answer that comes too late must not be taken for that of the next question. So the answers still owed are kept, and
 * waited for before a question that could take them: for much longer than the instrument may take, the longer the more
 * it was silent or late (`Station.owedMs`), and until the line is quiet. That the port was lost or opened anew meanwhile
 * changes nothing; one that was switched off owes nothing, and costs that wait once.
 */
export class Transactions {
  readonly #options: TransactionsOptions;
  readonly #ladder: Ladder;
  readonly #owed = new OwedAnswers();
  readonly #turns: Turns;
  readonly #pause: Pause;
  #exchange: Exchange | undefined;
  #isWorking = false;

  constructor(options: TransactionsOptions) {
    this.#options = options;
    this.#turns = new Turns(this.#owed, options.spacingMs);
    this.#pause = new Pause(options.clock);
    this.#ladder = new Ladder(options.port);
  }

  join(timing: StationTiming, ear: Ear): Station {
    return this.#turns.join(timing, ear);
  }

  /** Ends what the station has under way. What is owed to it stays owed, and to none that was there beside it. */
  leave(station: Station): void {
    if (station.isClosed) return;
    this.#turns.leave(station);
    const reason = new LabwireError('PORT_CLOSED', `The link over ${this.#options.port.name} was given up`);
    this.#end(station, 'the link was given up', reason);
    // Who is left alone need not rest.
    this.#pause.end();
  }

  close(): void {
    for (const station of this.#turns.stations) this.leave(station);
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
    if (rest.length === 0) return;
    this.#owed.heard(nowMs);
    this.#turns.current?.ear.push(rest, nowMs);
  }

  /** What a frame is: `answer`, `late` (and counted), or what nobody asked for: `unexpected` beside a question, else `stale`. */
  take(frame: string): 'answer' | 'late' | 'unexpected' | 'stale' {
    const nowMs = this.#options.clock.monotonic();
    if (this.#exchange?.take(frame)) {
      this.#exchange.station.heard(frame, nowMs);
      this.#owed.answered();
      return 'answer';
    }
    // It may be what the next question waits for, or the end of it.
    this.#pause.end();
    const owner = this.#owed.take(frame, nowMs, this.#turns.stations);
    if (!owner) return this.#exchange?.isListening ? 'unexpected' : 'stale';
    this.worked(owner, nowMs);
    owner.counters.late++;
    owner.ear.drop('late', frame.length);
    return 'late';
  }

  /** Something of the station's instrument came, if only late: the port works, and what is silent after is so anew. */
  worked(station: Station, nowMs: number): void {
    station.silentSinceMs = undefined;
    this.#ladder.worked(nowMs);
  }

  /** What a station waited for did not come. */
  failed(station: Station, error: LabwireError): void {
    const { clock, port } = this.#options;
    port.traffic.note('error', error.detail, clock.now());
    const nowMs = clock.monotonic();
    station.silentSinceMs ??= nowMs;
    // Who has not been asked in vain may answer yet: it comes first.
    if (this.#turns.stations.some((other) => other !== station && other.failures === 0 && other.queue.length > 0))
      return;
    this.#ladder.failed(error, station.silentSinceMs, nowMs);
  }

  /** The port is open anew. */
  begin(): void {
    this.#turns.begin();
  }

  lose(reason: Error): void {
    for (const station of this.#turns.stations) this.#end(station, 'the port was lost', reason);
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
    const { clock } = this.#options;
    for (
      let next = this.#turns.next(clock.monotonic());
      next !== undefined;
      next = this.#turns.next(clock.monotonic())
    ) {
      if (typeof next === 'number') await this.#pause.wait(next);
      else await this.#perform(next);
    }
    this.#isWorking = false;
  }

  async #perform(station: Station): Promise<void> {
    const [request] = station.queue;
    if (!request) return;
    const { clock, port, echo } = this.#options;
    this.#turns.pass(station, clock.monotonic());
    const { counters } = station;
    if (request.tries > 0) counters.retries++;
    else if (request.asking.expectsReply) counters.queries++;
    const exchange = new Exchange(station, request, { port, clock, echo });
    this.#exchange = exchange;
    const end = await exchange.run();
    this.#exchange = undefined;
    this.#turns.ended(station, clock.monotonic());
    const { sentMs } = exchange;
    const mayComeUntilMs = sentMs + station.owedMs(request.asking.replyMs, end === 'settled');
    if (end === 'answered') this.#owed.extend(request, mayComeUntilMs);
    else if (request.asking.expectsReply) this.#owed.add(request, station, sentMs, mayComeUntilMs);
    if (exchange.lacksEcho && exchange.echoBytes > 0) station.ear.drop('echo', exchange.echoBytes);
    this.#conclude(exchange, end);
  }

  #conclude(exchange: Exchange, end: ExchangeEnd): void {
    const { request, station } = exchange;
    switch (end) {
      case 'answered':
        this.worked(station, station.lastEndMs);
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
    const retries = this.#turns.isShared && station.failures > 0 ? 0 : asking.retries;
    if (asking.expectsReply && request.tries <= retries) return;
    station.counters.timeouts++;
    station.unanswered(asking.replyMs, station.lastEndMs);
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
