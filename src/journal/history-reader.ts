import type Database from 'better-sqlite3';
import { Buckets, type History, type HistoryQuery } from './history.ts';
import { channelsOf, SUMMARY_SPAN_US, summarised, valuesOf } from './summaries.ts';

/** Records that are read through, whatever device they are of, rather than looked for by device and time. */
const FEW = 20_000;
/** Descriptions of a device that are looked through for a channel's unit, newest first. */
const MOST_DESCRIPTIONS = 100;

/** Each by itself SQLite finds at the end of the table; together it would look through all of it. */
const KEPT = 'SELECT (SELECT min(sequence) FROM records), (SELECT max(sequence) FROM records)';

type SummaryRow = readonly [
  since: number,
  until: number,
  first: number,
  last: number,
  count: number,
  uncertain: number,
  bad: number,
  min: number | null,
  max: number | null,
  sum: number | null,
];
type SampleRow = readonly [time: number, source: number, body: string];

/** Makes histories of channels from the summaries, and from single samples where there is none or it lies across an edge. */
export class HistoryReader {
  readonly #database: Database.Database;
  readonly #device: Database.Statement;
  readonly #series: Database.Statement;
  readonly #kept: Database.Statement;
  readonly #summaries: Database.Statement;
  readonly #ofSummary: Database.Statement;
  readonly #newest: Database.Statement;
  readonly #newestByTime: Database.Statement;
  readonly #source: Database.Statement;
  readonly #descriptions: Database.Statement;
  readonly #channels = new Map<number, readonly string[]>();
  readonly #inOneView: (query: HistoryQuery) => History;

  constructor(database: Database.Database) {
    const samples = 'SELECT time, source, body FROM records';
    const newest = 'WHERE sequence > ? AND device = ? AND time >= ? AND time < ? AND body IS NOT NULL';
    this.#database = database;
    this.#device = database.prepare('SELECT id FROM devices WHERE name = ?').pluck();
    this.#series = database.prepare('SELECT id FROM series WHERE device = ? AND channel = ?').pluck();
    this.#kept = database.prepare(KEPT).raw();
    this.#summaries = database
      .prepare(
        `SELECT since, until, first, last, count, uncertain, bad, min, max, sum FROM summaries
         WHERE series = ? AND until >= ? AND until < ? AND since < ?`,
      )
      .raw();
    this.#ofSummary = database
      .prepare(
        `${samples} INDEXED BY records_by_time WHERE device = ? AND time >= ? AND time <= ? AND sequence BETWEEN ? AND ?
         AND body IS NOT NULL`,
      )
      .raw();
    this.#newest = database.prepare(`${samples} NOT INDEXED ${newest}`).raw();
    this.#newestByTime = database.prepare(`${samples} INDEXED BY records_by_time ${newest}`).raw();
    this.#source = database.prepare('SELECT text FROM sources WHERE id = ?').pluck();
    this.#descriptions = database
      .prepare(`SELECT text FROM sources WHERE device = ? ORDER BY id DESC LIMIT ${MOST_DESCRIPTIONS}`)
      .pluck();
    this.#inOneView = database.transaction((query: HistoryQuery) => this.#read(query));
  }

  read(query: HistoryQuery): History {
    return this.#inOneView(query);
  }

  #read(query: HistoryQuery): History {
    const buckets = new Buckets(query);
    const device = this.#device.get(query.device) as number | undefined;
    if (device === undefined) return { interval: buckets.length, known: false, buckets: [] };
    const series = this.#series.get(device, query.channel) as number | undefined;
    if (series !== undefined) this.#addSummaries(device, series, query, buckets);
    this.#addNewest(device, query, buckets);
    const described = this.#described(device, query.channel);
    return {
      interval: buckets.length,
      ...described,
      known: series !== undefined || described !== undefined,
      buckets: buckets.filled(),
    };
  }

  #addSummaries(device: number, series: number, { channel, from, to }: HistoryQuery, buckets: Buckets): void {
    const [oldest] = this.#kept.get() as [number | null, number | null];
    const rows = this.#summaries.iterate(series, from, to + SUMMARY_SPAN_US, to) as IterableIterator<SummaryRow>;
    for (const [since, until, first, last, count, uncertain, bad, min, max, sum] of rows) {
      if (first >= (oldest ?? 0) && buckets.hold(since, until)) {
        const figures = { count, uncertain, bad, min: min ?? Number.NaN, max: max ?? Number.NaN, sum: sum ?? 0 };
        buckets.addFigures(since, figures);
      } else this.#addSamples(this.#ofSummary.iterate(device, since, until, first, last), channel, buckets);
    }
  }

  /** What is in no summary yet. */
  #addNewest(device: number, { channel, from, to }: HistoryQuery, buckets: Buckets): void {
    const after = summarised(this.#database);
    const [, newest] = this.#kept.get() as [number | null, number | null];
    const statement = (newest ?? 0) - after > FEW ? this.#newestByTime : this.#newest;
    this.#addSamples(statement.iterate(after, device, from, to), channel, buckets);
  }

  #addSamples(rows: IterableIterator<unknown>, channel: string, buckets: Buckets): void {
    for (const [time, source, body] of rows as IterableIterator<SampleRow>) {
      const values = valuesOf(body);
      if (!values) continue;
      const place = this.#channelsOf(source).indexOf(channel);
      for (let i = 0; i + 1 < values.length; i += 2) {
        if (values[i] === place || values[i] === channel) buckets.addValue(time, values[i + 1]);
      }
    }
  }

  #channelsOf(source: number): readonly string[] {
    const known = this.#channels.get(source);
    if (known) return known;
    const text: unknown = this.#source.get(source);
    const channels = typeof text === 'string' ? channelsOf(text) : [];
    this.#channels.set(source, channels);
    return channels;
  }

  /** The channel's unit as it was last described; undefined where it never was. */
  #described(device: number, channel: string): { unit?: string } | undefined {
    for (const text of this.#descriptions.iterate(device) as IterableIterator<string>) {
      const place = channelsOf(text).indexOf(channel);
      if (place < 0) continue;
      const { unit } = JSON.parse(text).channels[place];
      return typeof unit === 'string' ? { unit } : {};
    }
    return undefined;
  }
}
