import type { Clock } from '../src/index.ts';

export interface Rhythm {
  readonly clock: Clock;
  /** From now to the first time, in ms. */
  readonly firstMs: number;
  /** From one time to the next, in ms, without drift. */
  readonly everyMs: number;
}

/** Does something again and again. Returns what ends it. */
export function repeat({ clock, firstMs, everyMs }: Rhythm, action: () => void): () => void {
  let due = clock.monotonic() + firstMs;
  const arm = () => clock.setTimer(tick, due - clock.monotonic());
  const tick = (): void => {
    // What was missed while the process was held up is not made good in a burst.
    do due += everyMs;
    while (due <= clock.monotonic());
    timer = arm();
    action();
  };
  let timer = arm();
  return () => timer.cancel();
}
