import { geometricDelay } from '../base/index.ts';

const FIRST_MS = 500;
const LONGEST_MS = 10_000;
const STEPS = 5;
/** The random part of a delay, so that sixteen ports of one hub do not return in step. */
const JITTER = 0.25;
/** A port that held for so long is well: its next failure begins anew, with a log line and the shortest delay. */
export const STABLE_MS = LONGEST_MS;
const SOON_MS = 100;
/** Losses without a time in between in which the port was well; then it comes and goes, and is tried with patience. */
const SOON_LIMIT = 5;

/**
 * From a failed opening to the next attempt, in ms: 500 after the first failure in a row, growing to 10,000, of which up to
 * a quarter is left off.
 *
 * @param failures 1 or more
 * @param random uniform in [0, 1)
 */
export function retryDelay(failures: number, random: number): number {
  return scattered(geometricDelay(failures, FIRST_MS, LONGEST_MS, STEPS), random);
}

/**
 * From the loss of an open port whose path is watched to the first attempt, in ms: at most 100. The path may have come back
 * before the loss was noticed, when nobody watched yet: then no sign of it will come.
 *
 * @param losses since the port was last well, 1 or more; after 5 of them it comes and goes
 * @param failures and `random` as of `retryDelay`
 */
export function lossDelay(losses: number, failures: number, random: number): number {
  return losses <= SOON_LIMIT ? scattered(SOON_MS, random) : retryDelay(failures, random);
}

function scattered(milliseconds: number, random: number): number {
  return milliseconds * (1 - JITTER * random);
}
