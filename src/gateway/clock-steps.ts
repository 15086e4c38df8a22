import type { Clock, Timer } from '../base/index.ts';

/** A step of the wall clock, in µs since the Unix epoch. */
export interface ClockStep {
  /** What the clock would show without it. */
  readonly from: number;
  readonly to: number;
}

const LOOK_MS = 1000;
/** Less is slewed away. */
const STEP_US = 1_000_000;

/** Notices when somebody sets the wall clock: it no longer runs beside the monotonic one. */
export class ClockSteps {
  readonly #clock: Clock;
  readonly #stepped: (step: ClockStep) => void;
  #offset = 0;
  #timer: Timer | undefined;

  /** @param stepped told of each step of more than 1 s, either way, within a second */
  constructor(clock: Clock, stepped: (step: ClockStep) => void) {
    this.#clock = clock;
    this.#stepped = stepped;
  }

  start(): void {
    this.#offset = this.#offsetNow();
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimer(() => {
      this.#look();
      this.#schedule();
    }, LOOK_MS);
  }

  #look(): void {
    const before = this.#offset;
    this.#offset = this.#offsetNow();
    if (Math.abs(this.#offset - before) <= STEP_US) return;
    const to = this.#clock.now();
    this.#stepped({ from: Math.round(to - (this.#offset - before)), to });
  }

  #offsetNow(): number {
    return this.#clock.now() - this.#clock.monotonic() * 1000;
  }
}
