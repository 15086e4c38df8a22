/** Sequence numbers that no record has, as ranges (after, upTo]. */
export class Gaps {
  readonly #all: { readonly after: number; upTo: number }[] = [];

  /** Beyond all that were added before. */
  add(after: number, upTo: number): void {
    const last = this.#all.at(-1);
    if (last?.upTo === after) last.upTo = upTo;
    else if (upTo > after) this.#all.push({ after, upTo });
  }

  /** Forgets what lies up to a sequence. */
  release(upTo: number): void {
    while (this.#all[0] && this.#all[0].upTo <= upTo) this.#all.shift();
  }

  /**
   * How many of the sequences in (after, upTo] no record has.
   *
   * @param count how many of the sequences of a gap are of interest; default: all
   */
  within(after: number, upTo: number, count = length): number {
    let all = 0;
    for (const gap of this.#all) {
      const [from, to] = [Math.max(gap.after, after), Math.min(gap.upTo, upTo)];
      if (from < to) all += count(from, to);
    }
    return all;
  }
}

function length(after: number, upTo: number): number {
  return upTo - after;
}
