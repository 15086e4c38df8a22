import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Scrub } from '../../src/journal/scrub.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';

const RECORDS = 10_000;
const SECOND = 1000;

let folder: string;
let path: string;
let database: Database.Database;
let scrub: Scrub;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-scrub-'));
  path = join(folder, 'journal.db');
  database = openSqlite(path, {});
  database.pragma('synchronous = OFF');
  database.exec('CREATE TABLE records (sequence INTEGER PRIMARY KEY, body TEXT)');
  const add = database.prepare('INSERT INTO records VALUES (?, ?)');
  database.transaction(() => {
    for (let sequence = 1; sequence <= RECORDS; sequence++) add.run(sequence, sequence % 100 ? '[0,1.5]' : null);
  })();
  scrub = new Scrub(path);
});
afterEach(() => {
  scrub.close();
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What was found in so many seconds. */
function found(seconds: number): boolean[] {
  return Array.from({ length: seconds }, (_, second) => scrub.step(second * SECOND));
}

it('finds nothing in sound records, over and over', () => {
  expect(found(20)).not.toContain(true);
});

it('comes upon a record that makes no sense wherever it is, once in each round', () => {
  database.prepare('UPDATE records SET body = ? WHERE sequence = 9000').run('[0,1.5');
  expect(found(8)).toEqual([false, false, true, false, false, false, true, false]);
});

it('does one step a second, however often it is called', () => {
  database.prepare('UPDATE records SET body = ? WHERE sequence = 5000').run('[\x01');
  const calls = [0, 10, 500, 999, 1000, 1001].map((now) => scrub.step(now));
  expect(calls).toEqual([false, false, false, false, true, false]);
});
