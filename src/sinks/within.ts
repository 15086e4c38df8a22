import type { Clock } from '../base/index.ts';

/** Waits for work that never rejects, but no longer than the limit. */
export function within(clock: Clock, limitMs: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(resolve, limitMs);
    void work.then(() => {
      timer.cancel();
      resolve();
    });
  });
}
