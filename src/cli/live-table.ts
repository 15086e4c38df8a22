import type { WriteStream } from 'node:tty';
import { quality, type Sample } from '../instrument/index.ts';

const PERIOD_MS = 1000;

/** Shows the newest readings in place on a terminal; elsewhere it prints a line for each device and second. */
export class LiveTable {
  readonly #out: WriteStream;
  readonly #latest: () => Iterable<Sample>;
  #timer: NodeJS.Timeout | undefined;
  #drawn = 0;

  constructor(out: WriteStream, latest: () => Iterable<Sample>) {
    this.#out = out;
    this.#latest = latest;
  }

  start(): void {
    this.#timer = setInterval(() => this.#draw(), PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #draw(): void {
    const rows = [...this.#rows()];
    if (this.#out.isTTY) {
      // Up to the first row, and clear from there to the end of the screen.
      const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A\u001b[J` : '';
      // A row that wraps would be two; a terminal that does not say its width has none to keep to.
      const width = this.#out.columns > 0 ? this.#out.columns - 1 : Number.POSITIVE_INFINITY;
      this.#out.write(`${up}${rows.map((row) => `${row.slice(0, width)}\n`).join('')}`);
      this.#drawn = rows.length;
    } else this.#out.write(rows.map((row) => `${row}\n`).join(''));
  }

  *#rows(): Iterable<string> {
    const devices = new Map<string, { time: number; words: string[] }>();
    for (const { source, time, values } of this.#latest()) {
      const row = devices.get(source.device) ?? { time: 0, words: [] };
      devices.set(source.device, row);
      row.time = Math.max(row.time, time);
      for (const [channel, value] of Object.entries(values)) {
        const unit = source.channels.get(channel)?.unit;
        const shown = typeof value === 'object' ? (value.value ?? `(${value.reason})`) : value;
        const doubt = quality(value) === 'uncertain' ? '?' : '';
        row.words.push(`${channel} ${formatted(shown)}${doubt}${unit && shown !== null ? ` ${unit}` : ''}`);
      }
    }
    for (const [device, { time, words }] of devices) {
      yield `${new Date(time / 1000).toISOString().slice(11, 19)}  ${device.padEnd(10)} ${words.join('  ')}`;
    }
  }
}

function formatted(value: number | string | boolean): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(7))) : String(value);
}
