import type Database from 'better-sqlite3';
import { isDamage } from './file-failure.ts';
import { openSqlite } from './sqlite.ts';

const PERIOD_MS = 1000;
/** Records of one step, which takes some milliseconds. */
const STEP = 4000;
const CACHE_KB = 256;

/**
 * Reads every record over and over, some of them each second: damage where nobody reads would be found when a record is needed,
 * and too late for the disk to be replaced.
 */
export class Scrub {
  readonly #database: Database.Database;
  readonly #step: Database.Statement;
  /** Everything up to here was sound in this round. */
  #at = 0;
  #nextAt = 0;
  #ended = false;

  constructor(path: string) {
    // What writes the file knows most of it by heart.
    this.#database = openSqlite(path, { readonly: true });
    this.#database.pragma(`cache_size = -${CACHE_KB}`);
    this.#step = this.#database
      .prepare(
        `SELECT max(sequence), coalesce(sum(body IS NOT NULL AND NOT json_valid(body)), 0)
         FROM (SELECT sequence, body FROM records WHERE sequence > ? ORDER BY sequence LIMIT ${STEP})`,
      )
      .raw();
  }

  close(): void {
    this.#database.close();
  }

  /** @param now monotonic ms @returns whether damage was found */
  step(now: number): boolean {
    if (this.#ended || now < this.#nextAt) return false;
    this.#nextAt = now + PERIOD_MS;
    try {
      const [last, damaged] = this.#step.get(this.#at) as [number | null, number];
      this.#at = last ?? 0;
      return damaged > 0;
    } catch (error) {
      if (!isDamage(error)) throw error;
      // Where there is no way through there is no way to what lies behind.
      this.#ended = true;
      return true;
    }
  }
}
