import type { Request } from './request.ts';
import { OWED_LONGEST_MS, type Station, TWICE_MS } from './station.ts';

interface Debt {
  readonly request: Request;
  readonly station: Station;
  /** When its question was sent; monotonic, in ms. */
  readonly sentMs: number;
  /** Until when the answer, or a copy of it, is waited for; monotonic, in ms. */
  readonly untilMs: number;
  readonly hasCome: boolean;
}

/** How long after its longest time an answer is still recognised, which nobody waits for any more. */
const RECOGNISED_MS = 1000;
/** A line that never becomes quiet is used all the same. */
const QUIET_LIMIT_MS = 1000;

/**
 * Answers that may still come to tries that are over. Where nothing in an answer tells which question it belongs to,
 * the next one waits for them; where something does, they are told apart by it.
 *
 * They outlive the connection: an instrument behind an adapter knows nothing of its unplug, and answers all the same.
 */
export class OwedAnswers {
  /** In the order in which the questions were sent. */
  #debts: readonly Debt[] = [];
  /** Monotonic times in ms. */
  #lastLateMs = Number.NEGATIVE_INFINITY;
  #lastChunkMs = Number.NEGATIVE_INFINITY;
  /** When something last arrived that was no answer in time, while answers were owed. */
  #strayMs = Number.NEGATIVE_INFINITY;

  /** A try is over without an answer, which may come until then. */
  add(request: Request, station: Station, sentMs: number, untilMs: number): void {
    this.#debts = [...this.#debts, { request, station, sentMs, untilMs, hasCome: false }];
    this.#strayMs = this.#lastChunkMs;
  }

  /** One of several tries was answered; which, cannot be known: what is owed to the request may come until then. */
  extend(request: Request, untilMs: number): void {
    if (this.#debts.length === 0) return;
    this.#debts = this.#debts.map((debt) => (debt.request === request && !debt.hasCome ? { ...debt, untilMs } : debt));
  }

  isEmpty(nowMs: number): boolean {
    if (this.#debts.length > 0) this.#debts = this.#debts.filter((debt) => nowMs < recognisedUntilMs(debt));
    return this.#debts.length === 0;
  }

  /** Something arrived. */
  heard(nowMs: number): void {
    this.#lastChunkMs = nowMs;
    if (!this.isEmpty(nowMs)) this.#strayMs = nowMs;
  }

  /** An answer came in time. */
  answered(): void {
    this.#strayMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Whose late answer this is. What is still waited for comes before what only may come, and who can tell its answers
   * before who takes any. The copy of an answer is none: what is owed may still come.
   */
  take(frame: string, nowMs: number, stations: readonly Station[]): Station | undefined {
    if (this.isEmpty(nowMs) || stations.some((station) => station.isCopy(frame, nowMs))) return undefined;
    const unpaid = this.#debts.filter(({ hasCome }) => !hasCome);
    const isWaitedFor = ({ untilMs }: Debt): boolean => nowMs < untilMs;
    const owed = [...unpaid.filter(isWaitedFor), ...unpaid.filter((debt) => !isWaitedFor(debt))];
    const debt =
      owed.find(({ request }) => request.asking.accepts && request.takes(frame)) ??
      owed.find(({ request }) => !request.asking.accepts);
    if (!debt || debt.station.isCopy(frame, nowMs)) return undefined;
    const paid = { ...debt, untilMs: nowMs + TWICE_MS, hasCome: true };
    this.#debts = this.#debts.map((other) => (other === debt ? paid : other));
    this.#lastLateMs = nowMs;
    debt.station.wasLate(nowMs - debt.sentMs);
    debt.station.heard(frame, nowMs);
    return debt.station;
  }

  /**
   * Until when a request has to wait lest it takes the answer to another: that to a question of its own instrument, or
   * any at all where it takes any. An answer to an earlier try of itself is its own, but for the copy of one that has come.
   */
  untilMs(station: Station, request: Request): number {
    let until = Number.NEGATIVE_INFINITY;
    for (const debt of this.#debts) {
      if (debt.request === request && !debt.hasCome) continue;
      const isOwn = debt.station === station || station.number >= debt.station.heirsFrom;
      if (isOwn || !request.asking.accepts) until = Math.max(until, debt.untilMs);
    }
    return until;
  }

  /**
   * From when on a request may be sent: what it has to wait for came or is over, and the line is quiet.
   *
   * @param hasBegun a frame is arriving: its end would be taken for the answer
   */
  clearMs(station: Station, request: Request, hasBegun: boolean): number {
    const owedMs = this.untilMs(station, request);
    const limitMs = Math.max(request.askedMs, station.lastEndMs, owedMs, this.#lastLateMs) + QUIET_LIMIT_MS;
    const heardMs = hasBegun ? this.#lastChunkMs : this.#strayMs;
    return Math.max(owedMs, Math.min(heardMs + station.quietMs, limitMs));
  }
}

/** Beyond the time that it is waited for, so that how late it comes is learnt. */
function recognisedUntilMs({ sentMs, untilMs, hasCome }: Debt): number {
  return hasCome ? untilMs : Math.max(untilMs, sentMs + OWED_LONGEST_MS) + RECOGNISED_MS;
}
