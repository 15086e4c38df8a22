const BYTES: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** @returns whole bytes of a size such as `500MB` or `2GB`, or of a plain number; undefined where the text is no size */
export function parseSize(text: string | number): number | undefined {
  if (typeof text === 'number') return Number.isSafeInteger(text) && text >= 0 ? text : undefined;
  const match = /^(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB)?$/.exec(text.trim());
  if (!match?.[1]) return undefined;
  const bytes = Math.round(Number(match[1]) * (BYTES[match[2] ?? 'B'] ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
