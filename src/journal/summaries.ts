import type Database from 'better-sqlite3';
import { addValue, type Figures, noFigures } from './figures.ts';
import { isDamage } from './file-failure.ts';

const STEP = 8192;
/** Samples of one summary at most: so many are read one by one where a summary lies across the edge of a bucket. */
const LARGEST = 64;
/** No summary lies across a whole hour, so that where those of a time are is known to the hour. */
export const SUMMARY_SPAN_US = 3_600_000_000;
/**
 * Times, in µs, at whose multiples summaries may end, each a multiple of the one before. Lengths of buckets are multiples
 * of these, so that no summary of a steady series lies across the edge of a longer bucket.
 */
const GRIDS = [
  ...[1, 10, 100, 1e3, 1e4, 1e5, 1e6].flatMap((unit) => [unit, 5 * unit]),
  ...[10e6, 30e6, 60e6, 300e6, 600e6, 1800e6, SUMMARY_SPAN_US],
];

/** A record as it is read back: sequence, source, time, body */
type Row = readonly [number, number, number, string | null];

interface Summary extends Figures {
  readonly series: number;
  readonly grid: number;
  readonly first: number;
  last: number;
  readonly since: number;
  until: number;
}

/** What a series did in one step. */
interface Pace {
  /** Of its summaries: what it had in the step before would have made them about full. */
  readonly grid: number;
  samples: number;
  readonly first: number;
  last: number;
}

interface Source {
  readonly device: number;
  readonly channels: readonly string[];
  /** By the key of a channel in a body. */
  readonly series: Map<unknown, number>;
}

interface Step {
  /** Records that were read. */
  readonly count: number;
  readonly upTo: number;
}

/** Summarises what is committed, a step of many records after a commit: of old ones too, where a file has none of them. */
export class Summaries {
  readonly #stepSize: number;
  readonly #read: Database.Statement;
  readonly #source: Database.Statement;
  readonly #addSeries: Database.Statement;
  readonly #addSummary: Database.Statement;
  readonly #setMeta: Database.Statement;
  /** Of the series that the last step had. */
  #grids = new Map<number, number>();
  readonly #sources = new Map<number, Source | undefined>();
  readonly #summarise: () => Step;
  /** Records up to this sequence are summarised. */
  #at: number;
  #damaged = false;

  /** @param step records that one step reads: so many may be in no summary, and are read one by one for a history */
  constructor(database: Database.Database, step = STEP) {
    this.#stepSize = step;
    this.#read = database
      .prepare(`SELECT sequence, source, time, body FROM records WHERE sequence > ? ORDER BY sequence LIMIT ${step}`)
      .raw();
    this.#source = database.prepare('SELECT device, text FROM sources WHERE id = ?').raw();
    this.#addSeries = database
      .prepare(
        'INSERT INTO series (device, channel) VALUES (?, ?) ON CONFLICT DO UPDATE SET device = excluded.device RETURNING id',
      )
      .pluck();
    this.#addSummary = database.prepare('INSERT INTO summaries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#setMeta = database.prepare(
      "INSERT INTO meta VALUES ('summarised', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    );
    this.#at = summarised(database);
    this.#summarise = database.transaction(() => this.#step());
  }

  /** Records cannot be read, and those behind them are not summarised: a history reads them one by one, if it can. */
  get damaged(): boolean {
    return this.#damaged;
  }

  /** @param last the last sequence that is committed @returns whether there is enough for a further step at once */
  step(last: number): boolean {
    if (this.#damaged || last - this.#at < this.#stepSize) return false;
    try {
      const { count, upTo } = this.#summarise();
      this.#at = upTo;
      return count === this.#stepSize && last - upTo >= this.#stepSize;
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#damaged = true;
      return false;
    }
  }

  #step(): Step {
    const rows = this.#read.all(this.#at) as Row[];
    const last = rows.at(-1)?.[0];
    if (last === undefined) return { count: 0, upTo: this.#at };
    const open = new Map<number, Summary>();
    const paces = new Map<number, Pace>();
    for (const row of rows) this.#take(row, open, paces);
    for (const summary of open.values()) this.#write(summary);
    this.#grids = new Map([...paces].map(([series, pace]) => [series, gridOf(pace)]));
    this.#setMeta.run(last);
    return { count: rows.length, upTo: last };
  }

  #take([sequence, source, time, body]: Row, open: Map<number, Summary>, paces: Map<number, Pace>): void {
    const values = source === 0 || body === null ? undefined : valuesOf(body);
    const known = values && this.#sourceOf(source);
    if (!known) return;
    for (let i = 0; i + 1 < values.length; i += 2) {
      const series = known.series.get(values[i]) ?? this.#seriesOf(known, values[i]);
      if (series === undefined) continue;
      const pace = paces.get(series) ?? this.#begin(series, time, paces);
      pace.samples++;
      pace.last = time;
      let summary = open.get(series);
      if (!summary || !fits(summary, time)) {
        if (summary) this.#write(summary);
        const at = { first: sequence, last: sequence, since: time, until: time };
        summary = { series, grid: pace.grid, ...at, ...noFigures() };
        open.set(series, summary);
      }
      summary.last = sequence;
      summary.until = time;
      addValue(summary, values[i + 1]);
    }
  }

  #begin(series: number, time: number, paces: Map<number, Pace>): Pace {
    const pace = { grid: this.#grids.get(series) ?? SUMMARY_SPAN_US, samples: 0, first: time, last: time };
    paces.set(series, pace);
    return pace;
  }

  #sourceOf(id: number): Source | undefined {
    if (!this.#sources.has(id)) this.#sources.set(id, this.#readSource(id));
    return this.#sources.get(id);
  }

  #readSource(id: number): Source | undefined {
    const row = this.#source.get(id) as [device: number, text: string] | undefined;
    return row && { device: row[0], channels: channelsOf(row[1]), series: new Map() };
  }

  #seriesOf(source: Source, key: unknown): number | undefined {
    const channel = typeof key === 'number' ? source.channels[key] : key;
    if (typeof channel !== 'string') return undefined;
    const series = Number(this.#addSeries.get(source.device, channel));
    source.series.set(key, series);
    return series;
  }

  #write({ series, until, first, last, since, count, uncertain, bad, min, max, sum }: Summary): void {
    // Words have no figures.
    if (count + bad === 0) return;
    const figures = count === 0 ? [null, null, null] : [min, max, sum];
    this.#addSummary.run(series, until, first, last, since, count, uncertain, bad, ...figures);
  }
}

/** @returns the sequence up to which a file is summarised */
export function summarised(database: Database.Database): number {
  return Number(database.prepare("SELECT value FROM meta WHERE key = 'summarised'").pluck().get() ?? 0);
}

/** @returns the ids of the channels of a description, by their places; none where it is damaged */
export function channelsOf(text: string): readonly string[] {
  try {
    return JSON.parse(text).channels.map(({ id }: { id: string }) => id);
  } catch {
    return [];
  }
}

/** @returns keys and values of a sample, in turn; undefined where it is damaged */
export function valuesOf(body: string): readonly unknown[] | undefined {
  try {
    const values: unknown = JSON.parse(body);
    return Array.isArray(values) ? values : undefined;
  } catch {
    return undefined;
  }
}

/** Within a summary sequence and time grow together; a clock that was set back begins another. */
function fits({ since, until, count, bad, grid }: Summary, time: number): boolean {
  return time >= until && count + bad < LARGEST && Math.floor(since / grid) === Math.floor(time / grid);
}

/** The longest grid whose summaries are not cut because they are full; the longest of all where there is no pace. */
function gridOf({ samples, first, last }: Pace): number {
  if (last <= first) return SUMMARY_SPAN_US;
  const longest = ((last - first) / samples) * LARGEST;
  return GRIDS.findLast((grid) => grid <= longest) ?? 1;
}
