let second = Number.NaN;
let prefix = '';

/** A time in whole µs since the Unix epoch as ISO 8601 in UTC with six digits: `2026-11-24T03:40:00.123456Z`. */
export function timeText(microseconds: number): string {
  const wholeSecond = Math.floor(microseconds / 1_000_000);
  // Samples of one second share all but the fraction, which is the cheap part to make.
  if (wholeSecond !== second) {
    second = wholeSecond;
    prefix = new Date(wholeSecond * 1000).toISOString().slice(0, 20);
  }
  const fraction = microseconds - wholeSecond * 1_000_000;
  return `${prefix}${String(1_000_000 + fraction).slice(1)}Z`;
}
