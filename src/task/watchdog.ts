import type { Clock, Timer } from '../base/index.ts';

/**
 * Bites when a body works for longer than its limit without waiting. Feeding it costs one look at the clock: a single
 * timer is armed anew only when it fires.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #bite: () => void;
  #workingSince: number | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(clock: Clock, limitSec: number, bite: () => void) {
    this.#clock = clock;
    this.#limitMs = limitSec * 1000;
    this.#bite = bite;
  }

  /** The body works from now on: after its start, a wait, or a ping. */
  working(): void {
    this.#biteIfLate();
    // Whoever is bitten stops it at once, and must not be watched on.
    if (this.#stopped) return;
    this.#workingSince = this.#clock.monotonic();
    this.#timer ??= this.#clock.setTimer(() => this.#look(), this.#limitMs);
  }

  /** The body waits: this time does not count. */
  waiting(): void {
    this.#biteIfLate();
    this.#workingSince = undefined;
  }

  /** For good. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#workingSince = undefined;
  }

  /** The timer cannot look while a body holds the whole process. */
  #biteIfLate(): void {
    if (this.#workingSince === undefined) return;
    if (this.#clock.monotonic() - this.#workingSince > this.#limitMs) this.#bite();
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#workingSince === undefined) return;
    const rest = this.#limitMs - (this.#clock.monotonic() - this.#workingSince);
    if (rest <= 0) this.#bite();
    else this.#timer = this.#clock.setTimer(() => this.#look(), rest);
  }
}
