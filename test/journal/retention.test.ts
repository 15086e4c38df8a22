import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { migrate } from '../../src/journal/journal-schema.ts';
import { Retention } from '../../src/journal/retention.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';

const DAY = 86_400_000;
const TODAY = Date.UTC(2026, 10, 24);
const limits = { maxSize: 1e9, maxAge: 30 * DAY };

let folder: string;
let database: Database.Database;
/** Monotonic, ms. */
let uptime: number;
let last: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-retention-'));
  database = openSqlite(join(folder, 'journal.db'), {});
  migrate(database, 0);
  uptime = 0;
  last = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => uptime);
});
afterEach(() => {
  vi.restoreAllMocks();
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** @param wall what the clock on the wall shows, ms */
function record(count: number, wall: number): void {
  const add = database.prepare('INSERT INTO records VALUES (?, 0, 0, ?, NULL)');
  for (let i = 0; i < count; i++) add.run(++last, wall * 1000);
}

const kept = (): unknown[] => database.prepare('SELECT sequence FROM records ORDER BY sequence').pluck().all();

test('what this process recorded is not too old for a clock that jumps ahead, however long the process runs', () => {
  const retention = new Retention(database, 0, 0);
  record(2, TODAY);
  retention.step(limits, TODAY, 2, last);
  uptime = 40 * DAY;
  record(2, TODAY + uptime);
  retention.step(limits, TODAY + uptime, 2, last);
  expect(kept()).toEqual([3, 4]);
  // A year, by whatever set it.
  retention.step(limits, TODAY + uptime + 365 * DAY, 0, last);
  expect(kept()).toEqual([3, 4]);
  uptime = 69 * DAY;
  record(1, TODAY + uptime);
  retention.step(limits, TODAY + uptime, 1, last);
  expect(kept()).toEqual([3, 4, 5]);
  uptime = 71 * DAY;
  retention.step(limits, TODAY + uptime, 0, last);
  expect(kept()).toEqual([5]);
});

test('what was there before is as old as the clock says', () => {
  record(2, TODAY - 31 * DAY);
  record(2, TODAY - 29 * DAY);
  const retention = new Retention(database, 0, last);
  record(1, TODAY - 60 * DAY);
  retention.step(limits, TODAY, 1, last);
  expect(kept()).toEqual([3, 4, 5]);
});
