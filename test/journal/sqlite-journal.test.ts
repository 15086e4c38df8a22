import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock, systemClock } from '../../src/base/index.ts';
import { bad, uncertain } from '../../src/instrument/index.ts';
import {
  type Journal,
  JournalReader,
  type JournalRecord,
  SqliteJournal,
  type SqliteJournalOptions,
} from '../../src/journal/index.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';
import { description, event, LogLines, sample, TIME, until } from '../sinks/parts.ts';
import { PatientJournal } from './patient-journal.ts';

let folder: string;
let path: string;
let log: LogLines;
const opened: SqliteJournal[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-journal-'));
  path = join(folder, 'journal.db');
  log = new LogLines();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((journal) => journal.close()));
  rmSync(folder, { recursive: true, force: true });
});

const LONG = 1e13;

function make(options: Partial<SqliteJournalOptions> = {}): PatientJournal {
  const journal = new PatientJournal({ path, maxSize: 2e9, maxAge: LONG, ...options }, { clock: systemClock, log });
  opened.push(journal);
  return journal;
}

async function open(options: Partial<SqliteJournalOptions> = {}): Promise<PatientJournal> {
  const journal = make(options);
  await journal.open();
  return journal;
}

const committed = (journal: Journal): Promise<void> => until(() => journal.committed === journal.head);

function append(journal: Journal, count: number): void {
  for (let i = 0; i < count; i++) journal.append(sample({ t1: journal.head + 1 }));
}

/** Sequences, each of which must be that of the sample that had it as its value. */
async function numbers(journal: Journal, after: number, upTo?: number): Promise<number[]> {
  const all: number[] = [];
  for (let from = after; ; ) {
    const records: readonly JournalRecord[] = await journal.read(from, 100, upTo);
    const last = records.at(-1);
    if (!last) return all;
    from = last.sequence;
    for (const record of records) if (record.kind === 'sample') all.push(Number(record.values.t1));
  }
}

const span = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Titles of the events from now on. */
function eventsOf(journal: Journal): string[] {
  const titles: string[] = [];
  journal.onAppend(() => {
    const records = journal.read(journal.head - 1, 1);
    if (Array.isArray(records) && records[0]?.kind === 'event') titles.push(records[0].title);
  });
  return titles;
}

describe('a read of the disk', () => {
  test('skips nothing that is committed and leaves memory before the disk has answered', async () => {
    const before = await open();
    before.offset('slow');
    append(before, 10);
    before.acknowledge('slow', 10);
    await committed(before);
    // As a kill leaves it: what was given away becomes a gap, and the sink stands before that.
    const killed = join(folder, 'killed.db');
    for (const end of ['', '-wal', '-shm']) copyFileSync(path + end, killed + end);
    const journal = await open({ path: killed, window: 1000 });
    const { head } = journal;
    append(journal, 900);
    // Its answer comes after theirs.
    const others = Array.from({ length: 5000 }, () => journal.read(0, 10, 10));
    const reading = journal.read(10, 1000);
    expect(reading).toBeInstanceOf(Promise);
    await committed(journal);
    await Promise.all(others);
    const records = await reading;
    expect(records.map(({ sequence }) => sequence - head)).toEqual(Array.from({ length: 900 }, (_, i) => i + 1));
  });
});

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
    expect(second).toMatchObject({ head: 3, committed: 3, state: { state: 'ok' } });
    expect(second.offset('influx')).toBe(0);
    expect(second.lag('influx')).toBe(3);
    expect(second.oldest('influx')).toBe(1);
    expect(await second.read(0, 100)).toEqual(given);
  });

  test('gives what is live from memory, before it is committed', async () => {
    const journal = await open();
    append(journal, 3);
    expect(journal.committed).toBe(0);
    expect(journal.read(0, 100)).toMatchObject([{ sequence: 1 }, { sequence: 2 }, { sequence: 3 }]);
  });

  test('holds an acknowledgement back until what it is of is committed', async () => {
    const journal = await open();
    journal.offset('mqtt');
    append(journal, 3);
    journal.acknowledge('mqtt', 3);
    expect(journal).toMatchObject({ committed: 0 });
    expect([journal.offset('mqtt'), journal.delivered('mqtt'), journal.lag('mqtt')]).toEqual([0, 3, 0]);
    await committed(journal);
    expect(journal.offset('mqtt')).toBe(3);
  });

  test('lets live delivery pass an open backlog, and the offset pass both when the backlog is done', async () => {
    const first = await open();
    first.offset('mqtt');
    append(first, 10);
    await first.close();
    const second = await open();
    const head = second.head;
    append(second, 5);
    second.acknowledge('mqtt', 15, head);
    second.acknowledge('mqtt', 4);
    await committed(second);
    expect([second.offset('mqtt'), second.lag('mqtt')]).toEqual([4, 6]);
    await second.close();
    // What was live is remembered by this process only: it comes again.
    const third = await open();
    expect([third.offset('mqtt'), third.lag('mqtt')]).toEqual([4, 11]);
    third.acknowledge('mqtt', 15, 10);
    third.acknowledge('mqtt', 10, 4);
    expect(third.delivered('mqtt')).toBe(15);
  });

  test('reads from the disk what memory no longer has, in order, up to a given place', async () => {
    const journal = await open({ window: 64 });
    journal.offset('slow');
    for (let i = 0; i < 10; i++) {
      append(journal, 50);
      await committed(journal);
    }
    const old = journal.read(0, 5);
    expect(old).toBeInstanceOf(Promise);
    expect(await old).toHaveLength(5);
    expect(journal.read(495, 5)).toHaveLength(5);
    expect(await numbers(journal, 0)).toEqual(span(1, 500));
    expect(await numbers(journal, 123, 321)).toEqual(span(124, 321));
    expect(journal.lag('slow')).toBe(500);
  });

  test('keeps the sinks apart, and forgets one that is no more', async () => {
    const first = await open();
    for (const sink of ['a', 'b', 'c']) first.offset(sink);
    append(first, 10);
    first.acknowledge('a', 10);
    first.acknowledge('b', 5);
    first.forget('c');
    await first.close();
    const second = await open();
    expect(second.sinks()).toEqual(['a', 'b']);
    expect(['a', 'b', 'c'].map((sink) => second.offset(sink))).toEqual([10, 5, 10]);
  });

  test('is refused to a second gateway, and free again once the first is closed', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: 'JOURNAL_BUSY' });
    await first.close();
    await expect(open()).resolves.toBeDefined();
  });

  test('that is closed before its slow disk has opened it leaves no timer behind', async () => {
    await (await open()).close();
    const other = openSqlite(path, {});
    other.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    const clock = new FakeClock();
    const journal = new SqliteJournal({ path, maxSize: 2e9, maxAge: LONG }, { clock, log });
    const opening = journal.open();
    await clock.advance(3000);
    await opening;
    expect(journal.state.state).toBe('degraded');
    const closing = journal.close();
    other.exec('ROLLBACK');
    other.close();
    await closing;
    expect(clock.pending).toBe(0);
  });

  test('never gives a sequence again after a crash, and does not take the gap for records', async () => {
    const first = await open();
    first.offset('influx');
    append(first, 10);
    await committed(first);
    append(first, 3);
    // What the disk has at this moment is what a kill would leave of it.
    const image = join(folder, 'image.db');
    for (const ending of ['', '-wal']) copyFileSync(path + ending, image + ending);
    const second = await open({ path: image });
    expect(second.head).toBeGreaterThan(first.head);
    expect(second.lag('influx')).toBe(10);
    append(second, 2);
    expect(second.lag('influx')).toBe(12);
    expect(await numbers(second, 0)).toEqual([...span(1, 10), second.head - 1, second.head]);
    second.acknowledge('influx', 10);
    expect([second.lag('influx'), second.oldest('influx')]).toEqual([2, TIME]);
    second.acknowledge('influx', second.head);
    expect([second.lag('influx'), second.oldest('influx')]).toEqual([0, undefined]);
    await second.close();
    const third = await open({ path: image });
    expect(third.head).toBe(second.head);
  });
});

describe('the limits of the journal', () => {
  test('keep the file within its size, and count what a sink did not get', async () => {
    const maxSize = 10_000_000;
    const journal = await open({ maxSize, window: 8192 });
    journal.offset('slow');
    journal.offset('quick');
    const told = eventsOf(journal);
    const text = 'x'.repeat(1000);
    let largest = 0;
    for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 1000; j++) journal.append(sample({ t1: journal.head + 1, t2: text }));
      await committed(journal);
      journal.acknowledge('quick', journal.head);
      largest = Math.max(largest, sizeOf(folder));
    }
    expect(largest).toBeLessThan(1.1 * maxSize);
    // Step by step more is discarded.
    await until(() => journal.committed === journal.head && journal.rests);
    const kept = await numbers(journal, 0);
    expect(kept.length).toBeGreaterThan(3000);
    expect(journal.dropped('quick')).toBe(0);
    expect(journal.dropped('slow') + journal.lag('slow')).toBe(journal.head);
    expect(journal.lag('slow')).toBe(journal.head - (kept[0] ?? 0) + 1);
    expect(log.lines.filter((line) => line.includes('slow has not taken'))).toHaveLength(1);
    expect(told).toEqual(['Records for slow are discarded']);
    const dropped = journal.dropped('slow');
    await journal.close();
    const again = await open({ maxSize });
    expect(again.dropped('slow')).toBe(dropped);
  });

  test('discard what is too old, but not what this process recorded under a clock that was wrong', async () => {
    const first = await open();
    const now = systemClock.now();
    const day = 86_400_000_000;
    for (const age of [40, 35, 31, 20, 1]) first.append(sample({ t1: age }, description(), now - age * day));
    await first.close();
    const second = await open({ maxAge: 30 * 86_400_000 });
    second.append(sample({ t1: 60 }, description(), now - 60 * day));
    await committed(second);
    await until(async () => (await numbers(second, 0)).length === 3);
    expect(await numbers(second, 0)).toEqual([20, 1, 60]);
  });

  test('can be changed while it runs, and the file shrinks to them', async () => {
    const journal = await open({ maxSize: 1e9 });
    const text = 'x'.repeat(1000);
    for (let j = 0; j < 30_000; j++) journal.append(sample({ t1: j, t2: text }));
    await committed(journal);
    expect(sizeOf(folder)).toBeGreaterThan(30_000_000);
    journal.limit({ maxSize: 10_000_000, maxAge: LONG });
    await until(() => sizeOf(folder) < 14_000_000);
  });
});

/** Bytes of the journal and what belongs to it. */
function sizeOf(directory: string): number {
  let size = 0;
  for (const name of readdirSync(directory)) size += statSync(join(directory, name)).size;
  return size;
}

describe('samples of a time range', () => {
  test('come in the order of their time, of one device or of all, also to another process', async () => {
    const journal = await open();
    const devices = ['a', 'b', 'c'].map((device) => description({ device }));
    for (let i = 0; i < 30_000; i++) {
      const source = devices[i % 3];
      // Every hundredth comes late, as after a step of the clock.
      const time = TIME + i - (i % 100 === 0 ? 50 : 0);
      if (source) journal.append(sample({ t1: time }, source, time));
    }
    journal.append(event());
    await committed(journal);
    const query = { from: TIME + 1000, to: TIME + 29_000 };
    const reader = await JournalReader.open(path);
    for (const source of [journal, reader]) {
      const times = await timesOf(source.range(query));
      expect(times).toHaveLength(28_000);
      expect(times).toEqual(times.toSorted((x, y) => x - y));
      const ofB = await timesOf(source.range({ ...query, device: 'b' }));
      expect(ofB).toHaveLength(9333);
      expect(await timesOf(source.range({ ...query, device: 'none' }))).toEqual([]);
    }
    expect(reader.devices()).toEqual(['a', 'b', 'c']);
    expect(reader.count(query)).toBe(28_000);
    reader.close();
  });

  test('are no journal where the file is none', async () => {
    await expect(JournalReader.open(path)).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, 'no journal');
    await expect(JournalReader.open(path)).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
  });
});

async function timesOf(samples: AsyncIterable<{ time: number }>): Promise<number[]> {
  const times: number[] = [];
  for await (const { time } of samples) times.push(time);
  return times;
}
