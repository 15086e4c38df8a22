/** The records behind `after` up to `upTo`, by sequence. */
export interface Range {
  readonly after: number;
  readonly upTo: number;
}

/**
 * Each change between falling behind and keeping up may leave one. No more than the ranges that the journal remembers between
 * them (`Delivered`): one that it forgets is to be delivered again.
 */
const MOST_RANGES = 64;

/**
 * What of the journal is still to be delivered beside what is live: ranges, ascending and apart. They are bounded: where there
 * would be too many, two become one, and what lies between them is delivered again.
 */
export class Backlog {
  #ranges: Range[] = [];

  add({ after, upTo }: Range): void {
    if (upTo <= after) return;
    const touching = this.#ranges.filter((range) => range.after <= upTo && range.upTo >= after);
    const apart = this.#ranges.filter((range) => !touching.includes(range));
    this.#ranges = [...apart, hull([{ after, upTo }, ...touching])].sort((a, b) => a.after - b.after);
    if (this.#ranges.length > MOST_RANGES) this.#ranges.push(hull(this.#ranges.splice(-2)));
  }

  /** Takes the oldest range out. */
  take(): Range | undefined {
    return this.#ranges.shift();
  }

  get empty(): boolean {
    return this.#ranges.length === 0;
  }
}

function hull(ranges: readonly Range[]): Range {
  return {
    after: Math.min(...ranges.map(({ after }) => after)),
    upTo: Math.max(...ranges.map(({ upTo }) => upTo)),
  };
}
