/** The last second whose year has four digits, in µs. A wait of restartSec, say, may end long after it. */
const LATEST = 253_402_300_799_000_000;

let second = Number.NaN;
let prefix = '';

/**
 * A time as ISO 8601 in UTC with six digits: `2026-11-24T03:40:00.123456Z`.
 *
 * @param microseconds since the Unix epoch, 0 or more; a fraction is rounded, and what lies after the year 9999 is told
 *   as its last second
 */
export function isoTime(microseconds: number): string {
  const time = Math.min(Math.round(microseconds), LATEST);
  const wholeSecond = Math.floor(time / 1_000_000);
  // Samples of one second share all but the fraction, which is the cheap part to make.
  if (wholeSecond !== second) {
    second = wholeSecond;
    prefix = new Date(wholeSecond * 1000).toISOString().slice(0, 20);
  }
  return `${prefix}${String(1_000_000 + time - wholeSecond * 1_000_000).slice(1)}Z`;
}
