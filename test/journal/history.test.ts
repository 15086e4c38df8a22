import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/index.ts';
import { bad, type ChannelValue, type Sample, uncertain } from '../../src/instrument/index.ts';
import { bucketLength } from '../../src/journal/history.ts';
import { HistoryReader } from '../../src/journal/history-reader.ts';
import {
  type History,
  type HistoryQuery,
  JournalReader,
  MemoryJournal,
  type SqliteJournal,
} from '../../src/journal/index.ts';
import { migrate } from '../../src/journal/journal-schema.ts';
import { RecordEncoder } from '../../src/journal/record-codec.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';
import { Summaries } from '../../src/journal/summaries.ts';
import { description, event, LogLines, sample, TIME, until } from '../sinks/parts.ts';
import { PatientJournal } from './patient-journal.ts';

const HOUR = 3_600_000_000;

/** What a history must be, by its definition. */
function naive(samples: readonly Sample[], { device, channel, from, to, points }: HistoryQuery): History['buckets'] {
  const length = bucketLength(from, to, points);
  const buckets = new Map<number, ChannelValue[]>();
  for (const { source, time, values } of samples) {
    const value = values[channel];
    if (source.device !== device || time < from || time >= to || value === undefined) continue;
    const start = Math.floor(time / length) * length;
    buckets.set(start, [...(buckets.get(start) ?? []), value]);
  }
  const all = [...buckets].map(([time, values]) => {
    const numbers = values.flatMap((value) => {
      const scalar = typeof value === 'object' ? value.value : value;
      return typeof scalar === 'number' || typeof scalar === 'boolean' ? [Number(scalar)] : [];
    });
    const objects = values.filter((value) => typeof value === 'object');
    return {
      time,
      count: numbers.length,
      uncertain: objects.filter(({ value }) => typeof value === 'number').length,
      bad: objects.filter(({ value }) => value === null).length,
      min: numbers.length === 0 ? null : Math.min(...numbers),
      max: numbers.length === 0 ? null : Math.max(...numbers),
      mean: numbers.length === 0 ? null : numbers.reduce((sum, number) => sum + number, 0) / numbers.length,
    };
  });
  return all.filter(({ count, bad: none }) => count + none > 0).sort((a, b) => a.time - b.time);
}

/** A journal's tables, without its file and thread. */
class Tables {
  readonly database: Database.Database = openSqlite(':memory:', {});
  readonly #encoder = new RecordEncoder();
  #last = 0;

  constructor() {
    migrate(this.database, 0);
  }

  get last(): number {
    return this.#last;
  }

  write(samples: readonly Sample[]): void {
    const { text, sources } = this.#encoder.encode(samples);
    for (const { id, device, text: source } of sources) {
      this.database.prepare('INSERT OR IGNORE INTO devices (name) VALUES (?)').run(device);
      const place = this.database.prepare('SELECT id FROM devices WHERE name = ?').pluck().get(device);
      this.database.prepare('INSERT INTO sources VALUES (?, ?, ?)').run(id, place, source);
    }
    for (const line of text.split('\n').slice(0, -1)) {
      const [source, time, ...body] = line.split(' ');
      const device = this.database.prepare('SELECT device FROM sources WHERE id = ?').pluck().get(source);
      this.#last++;
      this.database
        .prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?)')
        .run(this.#last, device, Number(source), Number(time), body.join(' '));
    }
  }

  close(): void {
    this.database.close();
  }
}

const scalars = fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.boolean(), fc.constantFrom('open', 'closed'));
const values: fc.Arbitrary<ChannelValue> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -1000, max: 1000 }) },
  { weight: 1, arbitrary: scalars },
  { weight: 1, arbitrary: fc.constant(bad('over_range')) },
  { weight: 1, arbitrary: fc.integer({ min: -9, max: 9 }).map((value) => uncertain(value, 'unstable')) },
);
/** Mostly steady, now and then a leap or a clock that is set back. */
const steps = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 3_000_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -2 * HOUR, max: 2 * HOUR }) },
);
const sources = [description(), description({ firmware: '2' }), description({ device: 'oven' })] as const;
const reordered = { ...sources[1], channels: new Map([...sources[1].channels].reverse()) };
const given = fc.record({
  source: fc.constantFrom(sources[0], reordered, sources[2]),
  step: steps,
  values: fc.record({ t1: values, t2: values }, { requiredKeys: [] }),
});

function samplesOf(parts: readonly { source: Sample['source']; step: number; values: Sample['values'] }[]): Sample[] {
  let time = TIME;
  return parts.map((part) => {
    time = Math.max(0, time + part.step);
    return sample(part.values, part.source, time);
  });
}

describe('a history', () => {
  test('is what each sample for itself would give, whatever is summarised, discarded or told by a clock that leaps', () => {
    fc.assert(
      fc.property(
        fc.array(given, { maxLength: 400 }),
        fc.integer({ min: 1, max: 300 }),
        fc.nat(150),
        fc.record({ from: fc.integer({ min: -9000, max: 9000 }), span: fc.integer({ min: 1, max: 20_000 }) }),
        fc.integer({ min: 2, max: 500 }),
        (parts, step, discarded, range, points) => {
          const tables = new Tables();
          const samples = samplesOf(parts);
          const summaries = new Summaries(tables.database, step);
          for (let i = 0; i < samples.length; i += 50) {
            tables.write(samples.slice(i, i + 50));
            while (summaries.step(tables.last));
          }
          tables.database.prepare('DELETE FROM records WHERE sequence <= ?').run(discarded);
          tables.database.prepare('DELETE FROM summaries WHERE last <= ?').run(discarded);
          const from = TIME + range.from * 1_000_000;
          const query = { device: 'cryostat', channel: 't1', from, to: from + range.span * 1_000_000, points };
          const { buckets, interval } = new HistoryReader(tables.database).read(query);
          tables.close();
          expect(buckets).toEqual(naive(samples.slice(discarded), query));
          expect(buckets.every(({ time }) => time % interval === 0)).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('has at most as many buckets as are asked for, and not half as many where all time is filled', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2e15 }),
        fc.integer({ min: 1, max: 1e15 }),
        fc.integer({ min: 2, max: 10_000 }),
        (from, span, points) => {
          const length = bucketLength(from, from + span, points);
          const count = Math.ceil((from + span) / length) - Math.floor(from / length);
          expect(count).toBeLessThanOrEqual(points);
          // The next shorter length, at most three times as fine, would give too many.
          if (length > 1) expect(count).toBeGreaterThan((points - 1) / 3 - 2);
        },
      ),
    );
  });
});

describe('the journal', () => {
  const folders: string[] = [];
  const opened: SqliteJournal[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((journal) => journal.close()));
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  async function open(path = join(newFolder(), 'journal.db')): Promise<SqliteJournal> {
    const journal = new PatientJournal(
      { path, maxSize: 2e9, maxAge: 1e13 },
      { clock: systemClock, log: new LogLines() },
    );
    opened.push(journal);
    await journal.open();
    return journal;
  }

  function newFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'labwire-history-'));
    folders.push(folder);
    return folder;
  }

  const committed = (journal: SqliteJournal): Promise<void> => until(() => journal.committed === journal.head);

  const source = description();
  const many = Array.from({ length: 20_000 }, (_, i) =>
    sample(
      { t1: i % 500 === 0 ? bad('invalid') : i % 100, t2: i % 300 === 0 ? uncertain(i, 'unstable') : i },
      source,
      TIME + i * 10_000,
    ),
  );
  const query = { device: 'cryostat', channel: 't2', from: TIME, to: TIME + 200_000_000, points: 100 };

  test('gives the history of what it has summarised and of what it has not', async () => {
    const journal = await open();
    for (const each of many) journal.append(each);
    await committed(journal);
    const history = await journal.history(query);
    expect(history).toEqual({ interval: 5_000_000, unit: 'K', known: true, buckets: naive(many, query) });
    expect((await journal.history({ ...query, channel: 't1' })).buckets).toEqual(
      naive(many, { ...query, channel: 't1' }),
    );
  });

  test('knows of a channel that has not spoken yet, and knows what it has never heard of', async () => {
    for (const journal of [await open(), new MemoryJournal()]) {
      journal.append(sample({ t1: 1 }));
      await until(() => journal.committed === journal.head);
      expect(await journal.history({ ...query, channel: 't3' })).toMatchObject({ known: true, unit: 'K', buckets: [] });
      expect(await journal.history({ ...query, channel: 't9' })).toMatchObject({ known: false, buckets: [] });
      expect(await journal.history({ ...query, device: 'oven' })).toMatchObject({ known: false, buckets: [] });
    }
  });

  test('in memory gives the same of what it keeps', async () => {
    const journal = new MemoryJournal();
    for (const each of many) journal.append(each);
    journal.append(event());
    expect(await journal.history(query)).toEqual({
      interval: 5_000_000,
      unit: 'K',
      known: true,
      buckets: naive(many.slice(1), query),
    });
  });

  test('brings a file of version 1 to the present one, with the history of what was in it', async () => {
    const path = join(newFolder(), 'journal.db');
    const first = await open(path);
    for (const each of many) first.append(each);
    await committed(first);
    await first.close();
    const database = openSqlite(path, {});
    // All that version 2 has added.
    database.exec(`DROP TABLE summaries; DROP TABLE series; DELETE FROM meta WHERE key = 'summarised'`);
    database.pragma('user_version = 1');
    database.close();
    const reader = await JournalReader.open(path);
    expect(reader.count({ from: TIME, to: TIME + 1e12 })).toBe(many.length);
    reader.close();
    const journal = await open(path);
    expect((await journal.history(query)).buckets).toEqual(naive(many, query));
    const summarised = openSqlite(path, { readonly: true });
    const count = summarised.prepare('SELECT count(*) FROM summaries').pluck();
    await until(() => Number(count.get()) > 200);
    summarised.close();
    expect(journal.state).toEqual({ state: 'ok' });
    expect((await journal.history(query)).buckets).toEqual(naive(many, query));
  });

  test('forgets what is discarded, and tells the rest as it is', async () => {
    const path = join(newFolder(), 'journal.db');
    const journal = await open(path);
    for (const each of many) journal.append(each);
    await committed(journal);
    const kept = async (): Promise<Sample[]> => {
      const samples: Sample[] = [];
      for await (const each of journal.range({ from: 0, to: 1e16 })) samples.push(each);
      return samples;
    };
    journal.limit({ maxSize: 1_000_000, maxAge: 1e13 });
    await until(async () => (await kept()).length < many.length - 3000);
    journal.limit({ maxSize: 2e9, maxAge: 1e13 });
    journal.append(event());
    await committed(journal);
    expect((await journal.history(query)).buckets).toEqual(naive(await kept(), query));
    const database = openSqlite(path, { readonly: true });
    const left = 'SELECT count(*) FROM summaries WHERE last < (SELECT min(sequence) FROM records)';
    expect(database.prepare(left).pluck().get()).toBe(0);
    expect(database.prepare('SELECT count(*) FROM summaries').pluck().get()).not.toBe(0);
    database.close();
  });

  test('ends a query that nobody waits for any more, and goes on with the next', async () => {
    const journal = await open();
    for (const each of many) journal.append(each);
    await committed(journal);
    const gone = new AbortController();
    const asked = Array.from({ length: 10 }, () => journal.history(query, gone.signal));
    gone.abort();
    for (const answer of await Promise.allSettled(asked))
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'ABORTED' } });
    expect((await journal.history(query)).buckets).toHaveLength(41);
  });

  test('refuses more queries at once than may wait, and answers the others', async () => {
    const journal = await open();
    journal.append(sample({ t1: 1 }));
    await committed(journal);
    const answers = await Promise.allSettled(Array.from({ length: 30 }, () => journal.history(query)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(18);
    expect(answers.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'QUEUE_FULL' } });
  });

  test('says that it cannot be read where it is not', async () => {
    const path = join(newFolder(), 'journal.db');
    const journal = new PatientJournal(
      { path, maxSize: 2e9, maxAge: 1e13 },
      { clock: systemClock, log: new LogLines() },
    );
    opened.push(journal);
    await expect(journal.history(query)).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
  });
});
