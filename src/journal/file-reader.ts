import type Database from 'better-sqlite3';
import { EventReader } from './event-reader.ts';
import type { EventPage, EventQuery } from './events.ts';
import type { History, HistoryQuery } from './history.ts';
import { HistoryReader } from './history-reader.ts';
import { checkReadable } from './journal-schema.ts';
import type { PageRequest, ReadRequest, Rows } from './messages.ts';
import { openSqlite } from './sqlite.ts';

const BUSY_MS = 2000;
/** What is read once, in order, is hardly read again. */
const CACHE_KB = 1024;

/** sequence, source, time, body */
type FileRow = readonly [number, number, number, string | null];

/** The journal's file, from a side that only reads it, beside the one that writes. */
export class FileReader {
  readonly #database: Database.Database;
  readonly #read: Database.Statement;
  readonly #page: Database.Statement;
  readonly #source: Database.Statement;
  readonly #device: Database.Statement;
  #history: HistoryReader | undefined;
  #events: EventReader | undefined;
  readonly #told = new Set<number>([0]);

  /** @throws Error where the file cannot be opened or is no journal */
  constructor(path: string) {
    this.#database = openSqlite(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
    try {
      checkReadable(this.#database);
      this.#database.pragma(`cache_size = -${CACHE_KB}`);
      this.#read = this.#prepare(
        'SELECT sequence, source, time, body FROM records WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?',
      );
      this.#page = this.#prepare(
        `SELECT sequence, source, time, body FROM records
         WHERE device = ? AND (time, sequence) > (?, ?) AND time < ? AND body IS NOT NULL
         ORDER BY time, sequence LIMIT ?`,
      );
      this.#source = this.#prepare('SELECT text FROM sources WHERE id = ?').pluck();
      this.#device = this.#prepare('SELECT id FROM devices WHERE name = ?').pluck();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Records in their sequence. */
  read({ after, upTo, limit }: Omit<ReadRequest, 'kind'>): Rows {
    return this.#rows(this.#read.all(after, upTo, limit) as FileRow[]);
  }

  /** Samples of one device by their time. */
  page({ device, from, after, to, limit }: Omit<PageRequest, 'kind'>): Rows {
    const id = this.#device.get(device);
    return this.#rows(id === undefined ? [] : (this.#page.all(id, from, after, to, limit) as FileRow[]));
  }

  /** Every device that has ever told anything. */
  devices(): string[] {
    return this.#database.prepare('SELECT name FROM devices ORDER BY id').pluck().all() as string[];
  }

  /** Samples in a range of time, of one device or of all. */
  count(from: number, to: number, device?: string): number {
    const names = device === undefined ? this.devices() : [device];
    const count = this.#database
      .prepare('SELECT count(*) FROM records WHERE device = ? AND time >= ? AND time < ?')
      .pluck();
    return names.reduce((sum, name) => {
      const id = this.#device.get(name);
      return sum + (id === undefined ? 0 : Number(count.get(id, from, to)));
    }, 0);
  }

  history(query: HistoryQuery): History {
    this.#history ??= new HistoryReader(this.#database);
    return this.#history.read(query);
  }

  events(query: EventQuery): EventPage {
    this.#events ??= new EventReader(this.#database);
    return this.#events.read(query);
  }

  close(): void {
    this.#database.close();
  }

  #prepare(sql: string): Database.Statement {
    return this.#database.prepare(sql).raw();
  }

  #rows(rows: readonly FileRow[]): Rows {
    const sources: [number, string][] = [];
    const texts = rows.map(([sequence, source, time, body]) => {
      if (!this.#told.has(source)) {
        this.#told.add(source);
        const text = this.#source.get(source);
        if (typeof text === 'string') sources.push([source, text]);
      }
      return `[${sequence},${source},${time},${body}]`;
    });
    const last = rows.at(-1);
    const text = `[${texts.join(',\n')}]`;
    return { text, sources, ...(last && { last: { sequence: last[0], time: last[2] } }) };
  }
}
