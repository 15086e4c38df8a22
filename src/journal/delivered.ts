/** Ranges beyond the offset that are remembered; each interrupted connection may leave one. */
const MOST_RANGES = 64;

interface Range {
  readonly after: number;
  upTo: number;
}

/**
 * What a sink has delivered: everything up to a sequence, and ranges beyond it. The ranges are bounded; one that is
 * forgotten is delivered again.
 */
export class Delivered {
  #upTo: number;
  /** Ascending, apart from each other, beyond `#upTo`. */
  #ranges: Range[] = [];
  /** Records in the ranges. */
  #beyond = 0;

  /** @param upTo everything up to here is delivered */
  constructor(upTo: number) {
    this.#upTo = upTo;
  }

  /** Everything up to here is delivered. */
  get upTo(): number {
    return this.#upTo;
  }

  /** Sequence numbers in ranges beyond `upTo`. */
  get beyond(): number {
    return this.#beyond;
  }

  /** The sequences in (`after`, `upTo`] are delivered. */
  add(after: number, upTo: number): void {
    if (upTo <= this.#upTo) return;
    if (after <= this.#upTo) this.#reach(upTo);
    else if (after < upTo) this.#insert(after, upTo);
  }

  /** What another has delivered beyond a sequence is delivered. */
  addBeyond(after: number, other: Delivered): void {
    this.add(after, other.#upTo);
    for (const range of other.#ranges) this.add(Math.max(after, range.after), range.upTo);
  }

  /** What lies up to here cannot be had any more. @returns how many sequences of it were not delivered */
  pass(upTo: number): number {
    if (upTo <= this.#upTo) return 0;
    const missing = this.missing(this.#upTo, upTo);
    this.#reach(upTo);
    return missing;
  }

  /** How many of the sequences in (`after`, `upTo`] are not delivered. */
  missing(after: number, upTo: number): number {
    const from = Math.max(after, this.#upTo);
    if (upTo <= from) return 0;
    let missing = upTo - from;
    for (const range of this.#ranges) missing -= Math.max(0, Math.min(range.upTo, upTo) - Math.max(range.after, from));
    return missing;
  }

  #reach(upTo: number): void {
    this.#upTo = upTo;
    while (this.#ranges[0] && this.#ranges[0].after <= this.#upTo) {
      const range = this.#ranges.shift() as Range;
      this.#beyond -= range.upTo - range.after;
      this.#upTo = Math.max(this.#upTo, range.upTo);
    }
  }

  #insert(after: number, upTo: number): void {
    const last = this.#ranges.at(-1);
    // What is live goes on where it was.
    if (last && last.upTo === after) {
      this.#beyond += upTo - after;
      last.upTo = upTo;
      return;
    }
    const touched = this.#ranges.filter((range) => range.after <= upTo && range.upTo >= after);
    const merged = {
      after: Math.min(after, ...touched.map((range) => range.after)),
      upTo: Math.max(upTo, ...touched.map((range) => range.upTo)),
    };
    const apart = this.#ranges.filter((range) => !touched.includes(range));
    this.#ranges = [...apart, merged].sort((a, b) => a.after - b.after);
    // The newest is the live one, and the furthest from being reached.
    if (this.#ranges.length > MOST_RANGES) this.#ranges.splice(-2, 1);
    this.#beyond = this.#ranges.reduce((sum, range) => sum + range.upTo - range.after, 0);
  }
}
