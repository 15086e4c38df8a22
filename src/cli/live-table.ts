import type { WriteStream } from 'node:tty';
import { quality, type Sample } from '../instrument/index.ts';
import { Screen } from './screen.ts';

const PERIOD_MS = 1000;

/** Shows the newest readings in place on a terminal; elsewhere it prints a line for each device and second. */
export class LiveTable {
  readonly #out: WriteStream;
  readonly #screen: Screen;
  readonly #latest: () => Iterable<Sample>;
  #timer: NodeJS.Timeout | undefined;

  constructor(out: WriteStream, latest: () => Iterable<Sample>) {
    this.#out = out;
    this.#screen = new Screen(out);
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
    if (this.#out.isTTY) this.#screen.draw(rows);
    else this.#out.write(rows.map((row) => `${row}\n`).join(''));
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
