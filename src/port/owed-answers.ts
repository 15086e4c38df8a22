import type { Request } from './request.ts';
import type { Station } from './station.ts';

interface Debt {
  readonly request: Request;
  readonly station: Station;
  /** Until when the answer is waited for; monotonic, in ms. */
  readonly untilMs: number;
}

/** How long after its time an answer is still recognised, which nobody waits for any more. */
const RECOGNISED_MS = 1000;
/** A frame like the one before, and so soon after it, is that one twice. */
const TWICE_MS = 50;
/** A line that never becomes quiet is used all the same. */
const QUIET_LIMIT_MS = 1000;

/**
 * Answers that may still come to tries that are over. Where nothing in an answer tells which question it belongs to,
 * the next one waits for them; where something does, they are told apart by it.
 */
export class OwedAnswers {
  /** In the order in which the questions were sent. */
  #debts: readonly Debt[] = [];
  /** The answer that came last, in time or late, and when. */
  #lastFrame: string | undefined;
  /** Monotonic times in ms. */
  #lastFrameMs = Number.NEGATIVE_INFINITY;
  #lastLateMs = Number.NEGATIVE_INFINITY;
  #lastChunkMs = Number.NEGATIVE_INFINITY;
  /** When something last arrived that was no answer in time, while answers were owed. */
  #strayMs = Number.NEGATIVE_INFINITY;

  /** A try is over without an answer, which may come until then. */
  add(request: Request, station: Station, untilMs: number): void {
    this.#debts = [...this.#debts, { request, station, untilMs }];
    this.#strayMs = this.#lastChunkMs;
  }

  /** One of several tries was answered; which, cannot be known: what is owed to the request may come until then. */
  extend(request: Request, untilMs: number): void {
    if (this.#debts.length === 0) return;
    this.#debts = this.#debts.map((debt) => (debt.request === request ? { ...debt, untilMs } : debt));
  }

  isEmpty(nowMs: number): boolean {
    if (this.#debts.length > 0) this.#debts = this.#debts.filter(({ untilMs }) => nowMs < untilMs + RECOGNISED_MS);
    return this.#debts.length === 0;
  }

  /** Something arrived. */
  heard(nowMs: number): void {
    this.#lastChunkMs = nowMs;
    if (!this.isEmpty(nowMs)) this.#strayMs = nowMs;
  }

  /** An answer came in time. */
  answered(frame: string, nowMs: number): void {
    this.#strayMs = Number.NEGATIVE_INFINITY;
    this.#remember(frame, nowMs);
  }

  /** Whose late answer this is. Who can tell its answers comes before who takes any. */
  take(frame: string, nowMs: number): Station | undefined {
    if (this.isEmpty(nowMs)) return undefined;
    // Some instruments send an answer twice: the second is not what is still to come to another try.
    if (frame === this.#lastFrame && nowMs - this.#lastFrameMs < TWICE_MS) return undefined;
    const debt =
      this.#debts.find(({ request }) => request.asking.accepts && request.takes(frame)) ??
      this.#debts.find(({ request }) => !request.asking.accepts);
    if (!debt) return undefined;
    this.#debts = this.#debts.filter((other) => other !== debt);
    this.#lastLateMs = nowMs;
    this.#remember(frame, nowMs);
    return debt.station;
  }

  /**
   * Until when a request has to wait lest it takes the answer to another: that to a question of its own instrument, or
   * any at all where it takes any. An answer to an earlier try of itself is its own.
   */
  untilMs(station: Station, request: Request): number {
    let until = Number.NEGATIVE_INFINITY;
    for (const debt of this.#debts) {
      if (debt.request === request) continue;
      const isOwn = debt.station === station || station.number >= debt.station.heirsFrom;
      if (isOwn || !request.asking.accepts) until = Math.max(until, debt.untilMs);
    }
    return until;
  }

  /** From when on a request may be sent: what it has to wait for came or is over, and the line is quiet. */
  clearMs(station: Station, request: Request): number {
    const owedMs = this.untilMs(station, request);
    const limitMs = Math.max(request.askedMs, station.lastEndMs, owedMs, this.#lastLateMs) + QUIET_LIMIT_MS;
    return Math.max(owedMs, Math.min(this.#strayMs + station.quietMs, limitMs));
  }

  clear(): void {
    this.#debts = [];
    this.#lastFrame = undefined;
    this.#lastLateMs = Number.NEGATIVE_INFINITY;
    this.#strayMs = Number.NEGATIVE_INFINITY;
  }

  #remember(frame: string, nowMs: number): void {
    this.#lastFrame = frame;
    this.#lastFrameMs = nowMs;
  }
}
