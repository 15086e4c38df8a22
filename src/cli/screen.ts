/** A terminal, or what stands for one. */
export interface ScreenStream {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}

/** Lines on a terminal that are written anew in their place. */
export class Screen {
  readonly #out: ScreenStream;
  #drawn = 0;

  constructor(out: ScreenStream) {
    this.#out = out;
  }

  /** Shows these lines instead of those before: as many as there is room for, each cut to the width. */
  draw(lines: readonly string[]): void {
    // A line that wraps would be two; a terminal that does not say its size has none to keep to.
    const { columns = 0, rows = 0 } = this.#out;
    const width = columns > 0 ? columns - 1 : Number.POSITIVE_INFINITY;
    const room = rows > 1 ? rows - 1 : Number.POSITIVE_INFINITY;
    const hidden = lines.length - room;
    const shown = hidden > 0 ? [...lines.slice(0, room - 1), `… and ${hidden + 1} more`] : lines;
    // Up to the first line, and clear from there to the end of the screen.
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A\u001b[J` : '';
    this.#out.write(`${up}${shown.map((line) => `${line.slice(0, width)}\n`).join('')}`);
    this.#drawn = shown.length;
  }
}
