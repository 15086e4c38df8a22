/**
 * A delay that grows geometrically from `first` to `longest` in `steps` steps, as systemd's `RestartSteps=` has it.
 *
 * @param attempt 1 for the first delay
 * @returns the delay, in the unit of `first` and `longest`
 */
export function geometricDelay(attempt: number, first: number, longest: number, steps: number): number {
  if (steps === 0) return first;
  if (attempt > steps) return longest;
  return first * (longest / first) ** ((attempt - 1) / steps);
}
