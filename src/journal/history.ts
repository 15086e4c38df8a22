import { addFigures, addValue, type Figures, noFigures } from './figures.ts';

/** What of one channel is asked for. */
export interface HistoryQuery {
  readonly device: string;
  readonly channel: string;
  /** Whole µs since the Unix epoch, inclusive. */
  readonly from: number;
  /** Whole µs since the Unix epoch, exclusive, > `from`. */
  readonly to: number;
  /** The most buckets that are wanted, ≥ 2. */
  readonly points: number;
}

/** What a channel said in one span of time. */
export interface HistoryBucket {
  /** Where the bucket begins: whole µs since the Unix epoch, a multiple of the interval. */
  readonly time: number;
  /** Numbers that it holds, of good and of uncertain quality; a boolean counts as 0 or 1, a word not at all. */
  readonly count: number;
  /** How many of them are uncertain. */
  readonly uncertain: number;
  /** How often the channel had no value; that is in no other figure. */
  readonly bad: number;
  /** Null where there is no number. */
  readonly min: number | null;
  readonly max: number | null;
  /** Of the numbers, each with the same weight. */
  readonly mean: number | null;
}

export interface History {
  /** Length of a bucket, µs. */
  readonly interval: number;
  /** As the channel was last described; undefined where it has none, or is not known. */
  readonly unit?: string;
  /** Whether the journal has ever heard of this channel. */
  readonly known: boolean;
  /**
   * Those in which anything was recorded, by time: one that is absent is a gap, or lies between two samples of a slow channel.
   * A device that went offline has left a bad sample, and so a bucket without a number.
   */
  readonly buckets: readonly HistoryBucket[];
}

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Lengths of buckets that people count in, in µs; below 1 s it is 1, 2 and 5 with zeros, beyond the last its multiples. */
const LENGTHS = [
  ...[1, 10, 100, 1e3, 1e4, 1e5].flatMap((unit) => [unit, 2 * unit, 5 * unit]),
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
];

/** @returns the length of the shortest buckets that cover a range with at most so many, each beginning at a multiple of it */
export function bucketLength(from: number, to: number, points: number): number {
  for (const length of LENGTHS) if (bucketCount(from, to, length) <= points) return length;
  let days = 1;
  while (bucketCount(from, to, days * DAY) > points) days++;
  return days * DAY;
}

function bucketCount(from: number, to: number, length: number): number {
  return Math.ceil(to / length) - Math.floor(from / length);
}

/** Gathers what a channel said into buckets, in any order. */
export class Buckets {
  /** Of a bucket, µs. */
  readonly length: number;
  readonly #from: number;
  readonly #to: number;
  readonly #start: number;
  readonly #figures: (Figures | undefined)[];

  constructor({ from, to, points }: Pick<HistoryQuery, 'from' | 'to' | 'points'>) {
    this.#from = from;
    this.#to = to;
    this.length = bucketLength(from, to, points);
    this.#start = Math.floor(from / this.length) * this.length;
    this.#figures = new Array(bucketCount(from, to, this.length)).fill(undefined);
  }

  /** Whether all that lies from one time to another, both inclusive, belongs into one bucket. */
  hold(since: number, until: number): boolean {
    return since >= this.#from && until < this.#to && this.#place(since) === this.#place(until);
  }

  /** Adds what was gathered elsewhere, all of it within the bucket of this time. */
  addFigures(time: number, figures: Readonly<Figures>): void {
    addFigures(this.#at(time), figures);
  }

  /** Adds a value as it stands in the file, unless it lies outside of the range. */
  addValue(time: number, value: unknown): void {
    if (time >= this.#from && time < this.#to) addValue(this.#at(time), value);
  }

  filled(): HistoryBucket[] {
    const filled: HistoryBucket[] = [];
    for (const [place, figures] of this.#figures.entries()) {
      if (figures && figures.count + figures.bad > 0) filled.push(bucket(this.#start + place * this.length, figures));
    }
    return filled;
  }

  #at(time: number): Figures {
    const place = this.#place(time);
    const there = this.#figures[place];
    if (there) return there;
    const figures = noFigures();
    this.#figures[place] = figures;
    return figures;
  }

  #place(time: number): number {
    return Math.floor((time - this.#start) / this.length);
  }
}

function bucket(time: number, { count, uncertain, bad, min, max, sum }: Figures): HistoryBucket {
  if (count === 0) return { time, count, uncertain, bad, min: null, max: null, mean: null };
  // Rounding must not lead out of the range of what was measured.
  return { time, count, uncertain, bad, min, max, mean: Math.min(max, Math.max(min, sum / count)) };
}
