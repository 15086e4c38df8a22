const WINDOW_MS = 10_000;
const LEAST_APART_MS = 1000;

/**
 * How fast a count grows, over the last 10 s, or since it was looked at before if that is longer ago: it costs nothing
 * while nobody looks.
 */
export class Rate {
  /** By time, the first some 10 s ago. */
  readonly #marks: { readonly at: number; readonly count: number }[];

  /** @param at ms of a monotonic clock, at which the count is 0 */
  constructor(at: number) {
    this.#marks = [{ at, count: 0 }];
  }

  /** @returns per second */
  look(at: number, count: number): number {
    const marks = this.#marks;
    while (marks[1] && at - marks[1].at >= WINDOW_MS) marks.shift();
    const first = marks[0] ?? { at, count };
    if (at - (marks.at(-1)?.at ?? 0) >= LEAST_APART_MS) marks.push({ at, count });
    return at > first.at ? ((count - first.count) * 1000) / (at - first.at) : 0;
  }
}
