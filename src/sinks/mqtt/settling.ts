import type { Clock, Timer } from '../../base/index.ts';

/** Nothing more came for this long: the broker has sent what it had. */
const QUIET_MS = 300;
const LIMIT_MS = 3000;

/** Waits until a broker has sent the retained messages of a subscription; it does not say when it has. */
export class Settling {
  readonly #clock: Clock;
  readonly #settled: () => void;
  #quiet: Timer | undefined;
  #limit: Timer | undefined;

  constructor(clock: Clock, settled: () => void) {
    this.#clock = clock;
    this.#settled = settled;
  }

  get waiting(): boolean {
    return this.#limit !== undefined;
  }

  begin(): void {
    this.cancel();
    this.#limit = this.#clock.setTimer(() => this.#end(), LIMIT_MS);
  }

  /** The broker has answered the subscription, or has sent something. */
  heard(): void {
    if (!this.waiting) return;
    this.#quiet?.cancel();
    this.#quiet = this.#clock.setTimer(() => this.#end(), QUIET_MS);
  }

  cancel(): void {
    this.#quiet?.cancel();
    this.#limit?.cancel();
    this.#quiet = undefined;
    this.#limit = undefined;
  }

  #end(): void {
    this.cancel();
    this.#settled();
  }
}
