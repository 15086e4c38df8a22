const LONGEST_SHOWN = 80;

/** A value as it stands in a message: short, whatever it is, and without what would steer a terminal. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    const short = value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value;
    // JSON leaves the upper control characters as they are.
    return JSON.stringify(short).replace(/[\u007f-\u009f]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
  }
  if (value === null || typeof value !== 'object') return typeof value === 'function' ? 'a function' : String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}
