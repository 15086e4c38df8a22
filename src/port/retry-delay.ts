import { geometricDelay } from '../base/index.ts';

const FIRST_MS = 500;
const LONGEST_MS = 10_000;
const STEPS = 5;
/** The random part of a delay, so that sixteen ports of one hub do not return in step. */
const JITTER = 0.25;
/** A port that held for so long is well: its next failure begins anew, with a log line and the shortest delay. */
export const STABLE_MS = LONGEST_MS;

/**
 * From a failed opening, or the loss of an open port, to the next attempt, in ms: 500 after the first failure in a row,
 * growing to 10,000, of which up to a quarter is left off.
 *
 * @param failures 1 or more
 * @param random uniform in [0, 1)
 */
export function retryDelay(failures: number, random: number): number {
  return geometricDelay(failures, FIRST_MS, LONGEST_MS, STEPS) * (1 - JITTER * random);
}
