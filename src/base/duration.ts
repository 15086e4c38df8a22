const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, min: 60, h: 3600, d: 86_400 };

/** A duration as people write it: `500ms`, `1s`, `5min`, `2h`, `30d`, or a plain number of seconds. */
export const DURATION_PATTERN = /^(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)?$/;

/** @returns seconds, or undefined where the text is no duration */
export function parseDuration(text: string | number): number | undefined {
  if (typeof text === 'number') return Number.isFinite(text) && text >= 0 ? text : undefined;
  const match = DURATION_PATTERN.exec(text.trim());
  if (!match?.[1]) return undefined;
  const seconds = Number(match[1]) * (SECONDS[match[2] ?? 's'] ?? Number.NaN);
  // 50ms must be 0.05 and not 0.05000000000000001.
  return Number.isFinite(seconds) ? Number(seconds.toPrecision(12)) : undefined;
}
