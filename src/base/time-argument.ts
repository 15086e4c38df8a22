import { parseDuration } from './duration.ts';

/** A date, or a date and a time, with or without seconds and zone. */
const WRITTEN = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(\.\d+)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** What `parseTime` takes, as the end of a sentence. */
export const TIME_FORM =
  'must be a time such as 2026-11-24 or 2026-11-24T03:40Z, or a duration such as 30s, 5min, 2h or 7d';

/**
 * A time as people write it: `2026-11-24`, `2026-11-24T03:40`, `2026-11-24T03:40:00.5Z`; or a duration such as `2h`, which
 * is so long ago. Without a zone it is local time, a date its midnight.
 *
 * @param nowMs since the Unix epoch
 * @returns whole µs since the Unix epoch; undefined where the text is no time, or one before 1970
 */
export function parseTime(text: string, nowMs = Date.now()): number | undefined {
  // A bare number could be meant as a year.
  const ago = /^\d+$/.test(text) ? undefined : parseDuration(text);
  if (ago !== undefined) return Math.max(0, Math.round((nowMs - ago * 1000) * 1000));
  const [, date, time = '00:00', fraction = '', zone = ''] = WRITTEN.exec(text) ?? [];
  // JavaScript reads milliseconds only.
  const whole = date === undefined ? Number.NaN : Date.parse(`${date}T${time}${zone}`);
  return whole >= 0 ? whole * 1000 + Math.round(Number(`0${fraction}`) * 1e6) : undefined;
}
