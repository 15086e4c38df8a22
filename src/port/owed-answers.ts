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

/**
 * Answers that may still come to tries that are over. Where nothing in an answer tells which question it belongs to,
 * the next one waits for them; where something does, they are told apart by it.
 */
export class OwedAnswers {
  /** In the order in which the questions were sent. */
  #debts: readonly Debt[] = [];

  add(request: Request, station: Station, untilMs: number): void {
    this.#debts = [...this.#debts, { request, station, untilMs }];
  }

  /** All answers that are owed to the request may come until then. */
  extend(request: Request, untilMs: number): void {
    if (this.#debts.length === 0) return;
    this.#debts = this.#debts.map((debt) => (debt.request === request ? { ...debt, untilMs } : debt));
  }

  isEmpty(nowMs: number): boolean {
    if (this.#debts.length > 0) this.#debts = this.#debts.filter(({ untilMs }) => nowMs < untilMs + RECOGNISED_MS);
    return this.#debts.length === 0;
  }

  /** Whose late answer this is. Who can tell its answers comes before who takes any. */
  take(frame: string, nowMs: number): Station | undefined {
    if (this.isEmpty(nowMs)) return undefined;
    const debt =
      this.#debts.find(({ request }) => request.asking.accepts && request.takes(frame)) ??
      this.#debts.find(({ request }) => !request.asking.accepts);
    if (debt) this.#debts = this.#debts.filter((other) => other !== debt);
    return debt?.station;
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

  clear(): void {
    this.#debts = [];
  }
}
