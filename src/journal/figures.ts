/** What can be said of any number of values of one channel together. */
export interface Figures {
  /** Numbers, of good and of uncertain quality. A boolean counts as 0 or 1, a word not at all. */
  count: number;
  /** How many of them are uncertain. */
  uncertain: number;
  /** How often there was no value. */
  bad: number;
  /** Of the numbers; +∞ where there is none. */
  min: number;
  /** Of the numbers; -∞ where there is none. */
  max: number;
  /** Of the numbers. */
  sum: number;
}

export function noFigures(): Figures {
  const [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return { count: 0, uncertain: 0, bad: 0, min, max, sum: 0 };
}

/** Adds a value as it stands in the file: a scalar, `[reason]` for a bad, `[reason, scalar]` for an uncertain one. */
export function addValue(figures: Figures, value: unknown): void {
  const doubtful = Array.isArray(value);
  if (doubtful && value.length < 2) {
    figures.bad++;
    return;
  }
  const scalar = doubtful ? value[1] : value;
  const number = typeof scalar === 'boolean' ? Number(scalar) : scalar;
  if (typeof number !== 'number') return;
  figures.count++;
  if (doubtful) figures.uncertain++;
  figures.sum += number;
  if (number < figures.min) figures.min = number;
  if (number > figures.max) figures.max = number;
}

export function addFigures(figures: Figures, { count, uncertain, bad, min, max, sum }: Readonly<Figures>): void {
  figures.count += count;
  figures.uncertain += uncertain;
  figures.bad += bad;
  figures.sum += sum;
  if (min < figures.min) figures.min = min;
  if (max > figures.max) figures.max = max;
}
