import type { Clock } from '../../base/index.ts';

/** A wait that can be cut short. */
export class Pause {
  readonly #clock: Clock;
  #end: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(resolve, milliseconds);
      this.#end = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** Does nothing where nobody waits. */
  end(): void {
    this.#end();
  }
}
