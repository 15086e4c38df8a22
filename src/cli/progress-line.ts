/** How often the line is written anew. */
const PACE_MS = 200;

/** One line on a terminal that says how far something is. */
export class ProgressLine {
  readonly #write: (text: string) => void;
  readonly #total: number;
  #next = 0;
  #width = 0;

  /** @param total how much there is about; 0: unknown */
  constructor(write: (text: string) => void, total: number) {
    this.#write = write;
    this.#total = total;
  }

  /** @param nowMs of a monotonic clock */
  show(done: number, nowMs = performance.now()): void {
    if (nowMs < this.#next) return;
    this.#next = nowMs + PACE_MS;
    const share =
      this.#total > 0 ? ` of ${inWords(this.#total)} (${Math.min(100, Math.floor((100 * done) / this.#total))} %)` : '';
    const text = `${inWords(done)}${share} samples`;
    this.#write(`\r${text.padEnd(this.#width)}`);
    this.#width = text.length;
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#width > 0) this.#write(`\r${' '.repeat(this.#width)}\r`);
    this.#width = 0;
  }
}

function inWords(count: number): string {
  return count.toLocaleString('en');
}
