import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/index.ts';
import { bad, uncertain } from '../../src/instrument/index.ts';
import { type JournalRecord, SqliteJournal, type SqliteJournalOptions } from '../../src/journal/index.ts';
import { description, event, LogLines, sample, until } from '../sinks/parts.ts';

let folder: string;
let log: LogLines;
const opened: SqliteJournal[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-journal-'));
  log = new LogLines();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((journal) => journal.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function open(options: Partial<SqliteJournalOptions> = {}): Promise<SqliteJournal> {
  const path = join(folder, 'journal.db');
  const day = 86_400_000;
  const journal = new SqliteJournal({ path, maxSize: 2e9, maxAge: 30_000 * day, ...options }, { clock: systemClock, log });
  opened.push(journal);
  await journal.open();
  return journal;
}

const committed = (journal: SqliteJournal): Promise<void> => until(() => journal.committed === journal.head);

const append = (journal: SqliteJournal, count: number, from = 0): void => {
  for (let i = 0; i < count; i++) journal.append(sample({ t1: from + i }));
};

const values = (records: readonly JournalRecord[]): unknown[] =>
  records.map((record) => (record.kind === 'sample' ? record.values.t1 : record.kind));

describe('the journal on disk', () => {
  test('gives after a restart what it was given, to a sink that had not got it', async () => {
    const first = await open();
    expect(first.offset('influx')).toBe(0);
    const source = description();
    const given: JournalRecord[] = [
      { kind: 'description', sequence: 0, time: 1, source },
      sample({ t1: 1.5, t2: bad('over_range'), t3: uncertain(-0, 'unstable') }, source, 2),
      event({ text: 'a\n"b" ü \ud800' }),
    ];
    for (const record of given) first.append(record);
    await first.close();
    const second = await open();
    expect(second.head).toBe(3);
    expect(second.offset('influx')).toBe(0);
    expect(second.lag('influx')).toBe(3);
    expect(await second.read(0, 100)).toEqual(given);
  });

  test('x', async () => {
    const journal = await open();
    append(journal, 5000);
    await committed(journal);
    const records = await journal.read(0, 10);
    expect(values(records)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
