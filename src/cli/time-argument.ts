import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../base/index.ts';

/** A date, or a date and a time, with or without seconds and zone. */
const WRITTEN = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(\.\d+)?(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * A time as people write it: `2026-11-24`, `2026-11-24T03:40`, `2026-11-24T03:40:00.5Z`; or a duration such as `2h`, which
 * is so long ago. Without a zone it is local time, a date its midnight.
 *
 * @param nowMs since the Unix epoch
 * @returns whole µs since the Unix epoch
 */
export function timeArgument(text: string, nowMs = Date.now()): number {
  // A bare number could be meant as a year.
  const ago = /^\d+$/.test(text) ? undefined : parseDuration(text);
  if (ago !== undefined) return Math.round((nowMs - ago * 1000) * 1000);
  const [, date, time = '00:00', fraction = '', zone = ''] = WRITTEN.exec(text) ?? [];
  // JavaScript reads milliseconds only.
  const whole = date === undefined ? Number.NaN : Date.parse(`${date}T${time}${zone}`);
  if (!(whole >= 0))
    throw new InvalidArgumentError('It must be a time such as 2026-11-24 or 2026-11-24T03:40Z, or a duration as 2h.');
  return whole * 1000 + Math.round(Number(`0${fraction}`) * 1e6);
}
