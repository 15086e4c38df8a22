const TICK_MS = 10;

/**
 * A stopwatch over the time that this process was given: while a busy machine lets it wait, not more than two ticks count.
 * What waits for the clock is then measured to some 10 ms; what waits too long, is so on any machine.
 *
 * @returns what ends the watch, and says the ms
 */
export function ownTime(): () => number {
  let sum = 0;
  let last = performance.now();
  const count = (): void => {
    const now = performance.now();
    sum += Math.min(now - last, 2 * TICK_MS);
    last = now;
  };
  const timer = setInterval(count, TICK_MS);
  return () => {
    clearInterval(timer);
    count();
    return sum;
  };
}
