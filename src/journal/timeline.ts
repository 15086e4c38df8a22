const MOST_MARKS = 1024;

/** When records were made, near enough: a bounded number of marks, thinned out evenly as they become more. */
export class Timeline {
  #marks: { readonly sequence: number; readonly time: number }[] = [];
  /** Sequences from one mark to the next at least. */
  #spacing = 1;

  /** Beyond all that were added before; one that comes too soon is left out. */
  add(sequence: number, time: number): void {
    const last = this.#marks.at(-1);
    if (last && sequence < last.sequence + this.#spacing) return;
    this.#marks.push({ sequence, time });
    if (this.#marks.length <= MOST_MARKS) return;
    this.#marks = this.#marks.filter((_, i) => i % 2 === 0);
    this.#spacing *= 2;
  }

  /** Forgets what is of no use for sequences from this one on. */
  release(sequence: number): void {
    const marks = this.#marks;
    while (marks[1] && marks[1].sequence <= sequence) marks.shift();
  }

  /** The last sequence that was recorded before a time, or one a little before it; undefined where that is not known. */
  before(time: number): number | undefined {
    return this.#marks.findLast((mark) => mark.time <= time)?.sequence;
  }

  /** About when a sequence was recorded: never later than it was, as far as the clock was right. */
  at(sequence: number): number | undefined {
    let mark = this.#marks[0];
    for (const next of this.#marks) {
      if (next.sequence > sequence) break;
      mark = next;
    }
    return mark?.time;
  }
}
