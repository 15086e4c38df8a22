import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { FileFailure, isBusy, isDamage } from './file-failure.ts';
import { migrate, versionOf } from './journal-schema.ts';
import type { CloseRequest, CommitRequest, Committed, GapRow, Opened, OpenRequest, SinkRow } from './messages.ts';
import { logBytesOf, Retention } from './retention.ts';
import { Scrub } from './scrub.ts';
import { openSqlite } from './sqlite.ts';
import { Summaries } from './summaries.ts';

/** Sequences that are given away ahead of what is committed: after a crash none of them is given again. */
const RESERVE = 2 ** 20;
const PAGE_BYTES = 4096;
/** The ends of the table and of each device's part of the index: of some hundred devices. */
const CACHE_KB = 4096;
/** How long another program's hands on the file are waited for. */
const BUSY_MS = 2000;

type Statement = Database.Statement;

interface Statements {
  readonly addRecord: Statement;
  readonly addDevice: Statement;
  readonly addSource: Statement;
  readonly setMeta: Statement;
  readonly setSink: Statement;
  readonly forgetSink: Statement;
  readonly addGap: Statement;
}

/** The journal's file, from the side that writes it. All of it waits for the disk: it lives in a thread of its own. */
export class JournalFile {
  readonly #path: string;
  readonly #database: Database.Database;
  readonly #lock: Database.Database;
  readonly #inode: number;
  /** Bytes of the file when it was last looked at: before and after each commit. */
  #size: number;
  readonly #statements: Statements;
  readonly #retention: Retention;
  readonly #summaries: Summaries;
  readonly #scrub: Scrub;
  readonly #commit: (request: CommitRequest) => void;
  /** The file's id and device of a description by the encoder's. */
  readonly #sources = new Map<number, { id: number; device: number }>();
  /** Of what is committed. */
  #last = 0;
  #reserved = 0;
  readonly opened: Opened;

  /** @throws FileFailure */
  constructor(request: OpenRequest) {
    this.#path = request.path;
    mkdirSync(dirname(request.path), { recursive: true });
    this.#lock = lock(`${request.path}.lock`);
    let aside: string | undefined;
    try {
      if (request.setAside) aside = setAside(request.path);
      let opened: { database: Database.Database; contents: Contents };
      try {
        opened = openDatabase(request, aside ? request.floor : 0);
      } catch (error) {
        if (!isDamage(error)) throw error;
        aside = setAside(request.path);
        opened = openDatabase(request, request.floor);
      }
      this.#database = opened.database;
      this.#last = opened.contents.last;
      this.#reserved = opened.contents.reserved;
      const there = statSync(request.path);
      this.#inode = there.ino;
      this.#size = there.size;
      this.#statements = prepare(this.#database);
      this.#retention = new Retention(this.#database, opened.contents.tail, this.#last);
      this.#summaries = new Summaries(this.#database);
      this.#scrub = new Scrub(request.path);
      this.#commit = this.#database.transaction((batch: CommitRequest) => this.#write(batch));
      const { id, tail, sinks, gaps, marks } = opened.contents;
      this.opened = { id, head: this.#last, tail, sinks, gaps, marks, ...(aside !== undefined && { aside }) };
    } catch (error) {
      this.#lock.close();
      throw error;
    }
  }

  commit(request: CommitRequest): Committed {
    this.#checkThere();
    this.#commit(request);
    const kept = this.#retention.step(request.limits, request.now, request.count, this.#last);
    const more = this.#summaries.step(this.#last) || kept.more;
    this.#checkThere();
    return { ...kept, more, damaged: this.#scrub.step(performance.now()) || this.#summaries.damaged };
  }

  close({ head }: CloseRequest): void {
    if (head >= this.#last) this.#statements.setMeta.run('reserved', head);
    this.release();
  }

  /** Lets go of the file as it is. */
  release(): void {
    this.#scrub.close();
    this.#database.close();
    this.#lock.close();
  }

  /**
   * SQLite goes on writing to a file that was deleted, and nobody would ever find it; or to one that lacks its end. One that is
   * too short and never was longer is a checkpoint that found no room for all of it: the log still has the rest.
   */
  #checkThere(): void {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    if (found?.ino !== this.#inode) throw new FileFailure('GONE', `${this.#path} was deleted or replaced`);
    if (found.size < this.#size && found.size < bytesByHeader(this.#path)) throw wasCut(this.#path);
    this.#size = found.size;
  }

  #write({ first, count, text, sources, sinks, forgotten, head }: CommitRequest): void {
    const { addRecord, setMeta, setSink, forgetSink, addGap } = this.#statements;
    for (const source of sources) this.#addSource(source);
    if (count > 0 && first > this.#last + 1) addGap.run(this.#last, first - 1);
    let sequence = first;
    let start = 0;
    for (let line = 0; line < count; line++, sequence++) {
      const end = text.indexOf('\n', start);
      const afterSource = text.indexOf(' ', start);
      const afterTime = text.indexOf(' ', afterSource + 1);
      const source = this.#sources.get(Number(text.slice(start, afterSource)));
      const time = Number(text.slice(afterSource + 1, afterTime));
      const body = afterTime + 1 === end ? null : text.slice(afterTime + 1, end);
      addRecord.run(sequence, source?.device ?? 0, source?.id ?? 0, time, body);
      start = end + 1;
    }
    for (const [name, offset, dropped] of sinks) setSink.run(name, offset, dropped);
    for (const name of forgotten) forgetSink.run(name);
    if (count > 0) this.#last = sequence - 1;
    // Half a block ahead at the least, so that it is written seldom.
    if (head > this.#reserved - RESERVE / 2) {
      this.#reserved = head + RESERVE;
      setMeta.run('reserved', this.#reserved);
    }
  }

  #addSource({ id, device, text }: CommitRequest['sources'][number]): void {
    const { addDevice, addSource } = this.#statements;
    const deviceId = Number(addDevice.get(device));
    this.#sources.set(id, { id: Number(addSource.get(deviceId, text)), device: deviceId });
  }
}

interface Contents {
  readonly id: string;
  readonly last: number;
  readonly reserved: number;
  readonly tail: number;
  readonly sinks: readonly SinkRow[];
  readonly gaps: readonly GapRow[];
  readonly marks: readonly (readonly [number, number])[];
}

function openDatabase(request: OpenRequest, base: number): { database: Database.Database; contents: Contents } {
  checkWhole(request.path);
  const database = openSqlite(request.path, { timeout: BUSY_MS });
  try {
    // Before anything is changed in it.
    const version = versionOf(database);
    // Only a file without tables takes this: space that is given back can then be cut off in steps.
    database.pragma('auto_vacuum = INCREMENTAL');
    database.pragma('journal_mode = WAL');
    // A commit outlives the process, not a power cut: the log is synced at each checkpoint, some 4 MB apart.
    database.pragma('synchronous = NORMAL');
    database.pragma(`cache_size = -${CACHE_KB}`);
    const logBytes = logBytesOf(request.limits);
    database.pragma(`wal_autocheckpoint = ${Math.ceil(logBytes / PAGE_BYTES)}`);
    database.pragma(`journal_size_limit = ${logBytes}`);
    migrate(database, version);
    return { database, contents: database.transaction(() => readContents(database, request, base))() };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What the file says of itself. What was given away by a process that did not end well becomes a gap. */
function readContents(database: Database.Database, request: OpenRequest, base: number): Contents {
  const meta = new Map(database.prepare('SELECT key, value FROM meta').raw().all() as [string, string | number][]);
  const id = String(meta.get('id') ?? randomUUID());
  const setMeta = database.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
  if (!meta.has('id')) setMeta.run('id', id);
  // Each by itself is found at an end of the table; together they would be looked for in all of it.
  const bounds = database
    .prepare('SELECT (SELECT min(sequence) FROM records), (SELECT max(sequence) FROM records)')
    .raw();
  const [lowest, highest] = bounds.get() as [number | null, number | null];
  const reserved = Math.max(Number(meta.get('reserved') ?? base), highest ?? 0);
  // The same process goes on where it was: its own reserve is no gap.
  const goesOn = request.known?.id === id;
  const last = goesOn ? Math.max(highest ?? 0, request.known.committed) : reserved;
  if (!goesOn && highest !== null && reserved > highest)
    database
      .prepare('INSERT INTO gaps VALUES (?, ?) ON CONFLICT DO UPDATE SET up_to = excluded.up_to')
      .run(highest, reserved);
  // Before any is given: a kill may come before the first commit.
  setMeta.run('reserved', Math.max(reserved, last + RESERVE));
  const sinks = database.prepare('SELECT name, at, dropped FROM sinks').raw().all() as SinkRow[];
  const next = database
    .prepare('SELECT sequence, time FROM records WHERE sequence > ? ORDER BY sequence LIMIT 1')
    .raw();
  return {
    id,
    last,
    reserved: Math.max(reserved, last + RESERVE),
    tail: lowest === null ? last : lowest - 1,
    sinks,
    gaps: database.prepare('SELECT after, up_to FROM gaps ORDER BY after').raw().all() as GapRow[],
    marks: [0, ...sinks.map(([, offset]) => offset)]
      .map((offset) => next.get(offset) as [number, number] | undefined)
      .filter((mark) => mark !== undefined),
  };
}

/** A file that was closed well has no log that could hold what it lacks. @throws FileFailure */
function checkWhole(path: string): void {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const logBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes > 0 && logBytes === 0 && bytes < bytesByHeader(path)) throw wasCut(path);
}

function wasCut(path: string): FileFailure {
  return new FileFailure('SQLITE_CORRUPT', `${path} was cut`);
}

/** What the file should be long by its own word: "The Database File Format" of sqlite.org, 1.3.8. */
function bytesByHeader(path: string): number {
  const header = Buffer.alloc(32);
  const file = openSync(path, 'r');
  const read = readSync(file, header, 0, header.length, 0);
  closeSync(file);
  return read < header.length ? PAGE_BYTES : header.readUInt32BE(28) * header.readUInt16BE(16);
}

function prepare(database: Database.Database): Statements {
  return {
    addRecord: database.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?)'),
    addDevice: database
      .prepare('INSERT INTO devices (name) VALUES (?) ON CONFLICT DO UPDATE SET name = excluded.name RETURNING id')
      .pluck(),
    addSource: database
      .prepare(
        'INSERT INTO sources (device, text) VALUES (?, ?) ON CONFLICT DO UPDATE SET device = excluded.device RETURNING id',
      )
      .pluck(),
    setMeta: database.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),
    setSink: database.prepare(
      'INSERT INTO sinks VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at, dropped = excluded.dropped',
    ),
    forgetSink: database.prepare('DELETE FROM sinks WHERE name = ?'),
    addGap: database.prepare('INSERT INTO gaps VALUES (?, ?) ON CONFLICT DO UPDATE SET up_to = excluded.up_to'),
  };
}

/** Held as long as the process lives, however it ends. @throws FileFailure BUSY */
function lock(path: string): Database.Database {
  const database = openSqlite(path, { timeout: 0 });
  try {
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    if (isBusy(error)) throw new FileFailure('BUSY', 'another process has the journal open');
    throw error;
  }
}

/** @returns where the file now is; undefined where there was none */
function setAside(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const aside = `${path}.corrupt-${new Date().toISOString().replace(/[-:.]/g, '')}`;
  for (const ending of ['', '-wal', '-shm']) {
    if (existsSync(path + ending)) renameSync(path + ending, aside + ending);
  }
  return aside;
}
