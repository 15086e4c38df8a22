import { type Clock, type EmulatedInstrument, type EmulatedLine, systemClock } from '../src/index.ts';
import { repeat } from './repeat.ts';

export interface TalkerOptions {
  /** From one word to the next, in ms; default 1000. */
  readonly intervalMs?: number;
  /** From power-up to the first word, in ms; default 300. */
  readonly bootMs?: number;
  readonly clock?: Clock;
}

/** An instrument that talks by itself and does not listen. */
export abstract class Talker implements EmulatedInstrument {
  /** False: it is silent, as one that is switched off while its adapter stays plugged in. */
  powered = true;
  protected readonly clock: Clock;
  readonly #intervalMs: number;
  readonly #bootMs: number;
  #stop: () => void = () => {};

  constructor({ intervalMs = 1000, bootMs = 300, clock = systemClock }: TalkerOptions = {}) {
    this.#intervalMs = intervalMs;
    this.#bootMs = bootMs;
    this.clock = clock;
  }

  connect(line: EmulatedLine): void {
    this.#stop();
    this.#stop = repeat({ clock: this.clock, firstMs: this.#bootMs, everyMs: this.#intervalMs }, () => {
      if (this.powered) line.send(this.word());
    });
  }

  disconnect(): void {
    this.#stop();
  }

  /** What it says now, line ends included. */
  protected abstract word(): string;
}
