/** Seconds, or anything with a numeric `.value`, such as a setting. */
export type Period = number | { readonly value: number };

export interface Tick {
  /** Ticks that were skipped before this one, because the body overran. */
  readonly missed: number;
}

export interface Ticks extends AsyncIterable<Tick> {
  /** Ticks skipped so far. */
  readonly missed: number;
}
