import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/index.ts';
import type { Journal, JournalState, SqliteJournal, SqliteJournalOptions } from '../../src/journal/index.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';
import { ownTime } from '../own-time.ts';
import { LogLines, sample, until } from '../sinks/parts.ts';
import { mount, PatientJournal } from './patient-journal.ts';

/** How long the writer waits for another that has the file. */
const WAITED_FOR_MS = 2000;

let folder: string;
let path: string;
let log: LogLines;
let states: JournalState['state'][];
const opened: SqliteJournal[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-journal-'));
  path = join(folder, 'journal.db');
  log = new LogLines();
  states = [];
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((journal) => journal.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function open(options: Partial<SqliteJournalOptions> = {}): Promise<PatientJournal> {
  const journal = new PatientJournal({ path, maxSize: 2e9, maxAge: 1e13, ...options }, { clock: systemClock, log });
  opened.push(journal);
  journal.onState(({ state }) => states.push(state));
  await journal.open();
  return journal;
}

const committed = (journal: Journal): Promise<void> =>
  until(() => journal.committed === journal.head && journal.state.state === 'ok');

/** The file rests. */
const written = (journal: PatientJournal): Promise<void> =>
  until(() => journal.committed === journal.head && journal.rests);

function append(journal: Journal, count: number): void {
  for (let i = 0; i < count; i++) journal.append(sample({ t1: journal.head + 1 }));
}

/** Values of the samples behind a sequence; each was the sequence that it was given. */
async function numbers(journal: Journal, after: number): Promise<number[]> {
  const all: number[] = [];
  for (let from = after; ; ) {
    const records = await journal.read(from, 1000);
    const last = records.at(-1);
    if (!last) return all;
    from = last.sequence;
    for (const record of records) if (record.kind === 'sample') all.push(Number(record.values.t1));
  }
}

/** Every commit fails, for a reason that SQLite is given from outside, until the returned function is called. */
function refuseCommits(): () => void {
  const change = (sql: string): void => {
    const database = openSqlite(path, { timeout: 5000 });
    database.exec(sql);
    database.close();
  };
  change("CREATE TRIGGER full BEFORE INSERT ON records BEGIN SELECT RAISE(ABORT, 'no space left'); END");
  return () => change('DROP TRIGGER full');
}

const asides = (): string[] => readdirSync(folder).filter((name) => /\.corrupt-\d{8}T\d{9}Z$/.test(name));

describe('a disk that takes nothing', () => {
  test('degrades the journal to memory with an alarm, and has everything once it takes again', async () => {
    const journal = await open();
    journal.offset('influx');
    append(journal, 10);
    await committed(journal);
    const mend = refuseCommits();
    append(journal, 10);
    await until(() => journal.state.state === 'degraded');
    expect(journal.state).toMatchObject({ code: 'JOURNAL_FAILED', message: expect.stringContaining('no space left') });
    append(journal, 10);
    journal.acknowledge('influx', 25);
    // What is live still goes out; what is on no disk is acknowledged for later only.
    expect([journal.delivered('influx'), journal.offset('influx')]).toEqual([25, 10]);
    mend();
    await committed(journal);
    expect(states).toEqual(['degraded', 'ok']);
    expect(journal.offset('influx')).toBe(25);
    await journal.close();
    const again = await open();
    expect((await numbers(again, 0)).length).toBe(30);
    expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
  });

  test('costs what memory cannot hold, counted for each sink that had not got it', async () => {
    const journal = await open({ window: 1000 });
    journal.offset('slow');
    append(journal, 100);
    await committed(journal);
    const mend = refuseCommits();
    journal.offset('quick');
    for (let i = 0; i < 50; i++) {
      append(journal, 100);
      journal.acknowledge('quick', journal.head);
    }
    await until(() => journal.state.state === 'degraded');
    append(journal, 100);
    mend();
    await committed(journal);
    expect(journal.dropped('quick')).toBe(0);
    expect(journal.dropped('slow')).toBeGreaterThan(4000);
    expect(journal.dropped('slow') + journal.lag('slow')).toBe(journal.head);
    // What was on disk before is still for it, and what memory held.
    const got = await numbers(journal, journal.offset('slow'));
    expect(got.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(got.slice(100).every((value, i, all) => i === 0 || value > (all[i - 1] ?? 0))).toBe(true);
    journal.acknowledge('slow', journal.head);
    expect(journal.lag('slow')).toBe(0);
  });

  test('from the start, is no reason not to run, and the file of before is found again', async () => {
    const [mounted, away] = [join(folder, 'data'), join(folder, 'away')];
    path = join(mounted, 'journal.db');
    const first = await open();
    first.offset('influx');
    append(first, 10);
    await first.close();
    // A folder that is not mounted yet: a plain file stands in its way.
    renameSync(mounted, away);
    writeFileSync(mounted, '');
    const journal = await open();
    expect(journal.state).toMatchObject({ state: 'degraded', since: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(journal.delivered('influx')).toBe(journal.head);
    append(journal, 5);
    journal.acknowledge('influx', journal.head);
    const { head } = journal;
    mount(away, mounted);
    await committed(journal);
    expect(journal.head).toBeGreaterThan(head);
    expect(journal.offset('influx')).toBe(0);
    expect((await numbers(journal, 0)).slice(0, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    journal.acknowledge('influx', 10);
    expect(journal.lag('influx')).toBeLessThanOrEqual(2);
  });

  test('for a while only, since it is slow, holds up nothing and is no alarm', async () => {
    const journal = await open();
    append(journal, 10);
    await committed(journal);
    const other = openSqlite(path, {});
    for (let tries = 1; ; tries++) {
      const before = journal.committed;
      states.length = 0;
      const began = performance.now();
      other.exec('BEGIN IMMEDIATE');
      append(journal, 10);
      for (let turns = 0; turns < 100; turns++) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(journal.committed).toBe(before);
      other.exec('ROLLBACK');
      const heldMs = performance.now() - began;
      await committed(journal);
      // On a machine that gives this process no time the disk is away for longer than is waited for it.
      if (heldMs < WAITED_FOR_MS) break;
      expect(tries).toBeLessThan(20);
    }
    other.close();
    expect(states).toEqual([]);
  });

  test('does not keep the end waiting', async () => {
    const journal = await open();
    const mend = refuseCommits();
    append(journal, 10);
    const time = ownTime();
    await journal.close(500);
    expect(time()).toBeLessThan(1000);
    expect(log.lines.at(-1)).toMatch(/10 records of the journal did not reach the disk|error/);
    mend();
  });
});

describe('a damaged journal', () => {
  async function filled(count: number): Promise<void> {
    const journal = await open();
    journal.offset('influx');
    append(journal, count);
    // The limit of a close is for what is left then.
    await committed(journal);
    await journal.close();
  }

  test('that is cut in the middle is set aside and named, and a new one goes on above it', async () => {
    await filled(20_000);
    truncateSync(path, Math.floor(statSync(path).size / 2));
    const journal = await open();
    expect(asides()).toHaveLength(1);
    expect(log.lines.join()).toContain(asides()[0]);
    expect(journal.head).toBeGreaterThan(20_000);
    append(journal, 10);
    await committed(journal);
    await journal.close();
    const again = await open();
    expect((await numbers(again, 0)).length).toBe(10);
  });

  test('that is no database at all is set aside', async () => {
    writeFileSync(path, 'x'.repeat(100_000));
    const journal = await open();
    append(journal, 10);
    await committed(journal);
    expect(asides()).toHaveLength(1);
  });

  test.each(Array.from({ length: 12 }, (_, i) => i))('with flipped bytes (%i) stops nothing', async (seed) => {
    await filled(3000);
    const bytes = readFileSync(path);
    const random = lcg(seed + 1);
    for (let i = 0; i < 4 ** (seed % 6); i++) {
      const at = Math.floor(random() * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    }
    writeFileSync(path, bytes);
    const journal = await open();
    // Who only looks at it takes it from nobody.
    const asked = { device: 'cryostat', channel: 't1', from: 0, to: 1e16, points: 100 };
    const looked = await journal.history(asked).catch((error) => error);
    expect('buckets' in looked || looked.code === 'JOURNAL_FAILED').toBe(true);
    await readAll(journal);
    append(journal, 100);
    await committed(journal);
    expect((await readAll(journal)).length).toBeGreaterThanOrEqual(100);
  });

  test('that shows itself only while running is replaced, with what memory holds', async () => {
    const journal = await open();
    journal.offset('influx');
    append(journal, 5000);
    await committed(journal);
    // As a disk that lost a block: the page of the table itself.
    const file = readFileSync(path);
    file.fill(0xa5, 4096, Math.min(file.length, 40 * 4096));
    writeFileSync(path, file);
    append(journal, 5000);
    await until(() => journal.committed === journal.head || journal.state.state === 'degraded');
    await committed(journal);
    const got = await readAll(journal);
    expect(got.length).toBeGreaterThanOrEqual(5000);
  });

  test('whose file already holds more than the log beside it is replaced at once, and goes on where memory begins', async () => {
    const journal = await open({ maxSize: 10e6 });
    journal.offset('influx');
    for (let i = 0; i < 6; i++) {
      append(journal, 10_000);
      await committed(journal);
    }
    const file = readFileSync(path);
    file.fill(0xa5, 4096);
    writeFileSync(path, file);
    append(journal, 10);
    await expect(journal.read(0, 10)).rejects.toThrow('JOURNAL_FAILED');
    await until(() => asides().length === 1);
    await committed(journal);
    append(journal, 10);
    await committed(journal);
    expect(journal.head).toBeLessThan(61_000);
    expect(journal.dropped('influx') + journal.lag('influx')).toBe(journal.head);
    expect((await numbers(journal, 0)).at(-1)).toBe(journal.head);
    await journal.close();
    const again = await open();
    expect((await numbers(again, 0)).at(-1)).toBe(journal.head);
  });
});

describe('a journal that is cut while it runs', () => {
  test('is set aside with an alarm, and another goes on with what memory holds', async () => {
    const journal = await open({ maxSize: 10e6 });
    journal.offset('influx');
    // More than stays in the log beside the file.
    for (let i = 0; i < 6; i++) {
      append(journal, 10_000);
      await committed(journal);
    }
    await written(journal);
    truncateSync(path, Math.floor(statSync(path).size / 2));
    append(journal, 10);
    await until(() => states.length === 2);
    await committed(journal);
    expect(states).toEqual(['degraded', 'ok']);
    expect(asides()).toHaveLength(1);
    const { head } = journal;
    await journal.close();
    const again = await open();
    expect(again.head).toBeGreaterThanOrEqual(head);
    expect(again.dropped('influx')).toBeGreaterThan(0);
    // The last two told of the alarm.
    expect((await numbers(again, 0)).slice(-10).at(-1)).toBe(60_010);
  });
});

describe('a journal that is deleted while it runs', () => {
  test('is begun anew with an alarm, with what memory holds, and the sinks keep their places', async () => {
    const journal = await open();
    journal.offset('influx');
    append(journal, 100);
    journal.acknowledge('influx', 40);
    await committed(journal);
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    append(journal, 10);
    await until(() => states.length === 2);
    await committed(journal);
    expect(states).toEqual(['degraded', 'ok']);
    expect(existsSync(path)).toBe(true);
    await journal.close();
    const again = await open();
    expect(again.offset('influx')).toBe(40);
    const got = await numbers(again, 40);
    expect(got.slice(0, 60)).toEqual(Array.from({ length: 60 }, (_, i) => i + 41));
    expect(again.dropped('influx')).toBe(0);
  });

  test('counts what was on no other disk', async () => {
    const journal = await open({ window: 200 });
    journal.offset('influx');
    for (let i = 0; i < 10; i++) {
      append(journal, 100);
      await committed(journal);
    }
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    append(journal, 10);
    await until(() => states.length === 2);
    await committed(journal);
    expect(journal.dropped('influx')).toBeGreaterThan(700);
    expect(journal.dropped('influx') + journal.lag('influx')).toBe(journal.head);
  });
});

describe('a file that is not for this version', () => {
  test('of a newer labwire is left as it is', async () => {
    await (await open()).close();
    const database = openSqlite(path, {});
    database.pragma('user_version = 99');
    database.close();
    const before = readFileSync(path);
    const journal = await open();
    expect(journal.state).toMatchObject({ message: expect.stringContaining('written by a newer labwire') });
    append(journal, 10);
    await journal.close();
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('of another program is left as it is', async () => {
    const database = openSqlite(path, {});
    database.exec('CREATE TABLE books (title TEXT)');
    database.close();
    const before = readFileSync(path);
    const journal = await open();
    expect(journal.state).toMatchObject({ message: expect.stringContaining('it is not a journal of labwire') });
    await journal.close();
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

/** Everything that can be read; a failure that the journal answers by setting the file aside is tried once more. */
async function readAll(journal: Journal): Promise<number[]> {
  try {
    return await numbers(journal, 0);
  } catch (error) {
    expect(error).toMatchObject({ code: 'JOURNAL_FAILED' });
    await until(() => journal.state.state === 'ok');
    return numbers(journal, 0);
  }
}

function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
