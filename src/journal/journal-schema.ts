import type Database from 'better-sqlite3';

/** "lwjr": tells a journal from any other SQLite file. */
const APPLICATION_ID = 0x6c776a72;
const VERSION = 2;
/** The records of all these are the same. */
const LEAST_READABLE = 1;

/**
 * Version 1.
 * - `records`: everything in its sequence. `source` 0 is an event, its body JSON; a body that is NULL is the description
 *   of `source` itself, told at this place; else the body is a sample: `[<channel's place>,<value>, …]`.
 * - `sources`: descriptions of devices, each once; `records_by_time` finds the samples of a device in a time range.
 * - `gaps`: sequences (after, up_to] that were never written; they are not counted as records.
 * - `sinks`: how far each is, and how much was discarded before it had it.
 */
const V1 = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE devices (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE sources (id INTEGER PRIMARY KEY, device INTEGER NOT NULL, text TEXT NOT NULL UNIQUE);
  CREATE TABLE records (
    sequence INTEGER PRIMARY KEY, device INTEGER NOT NULL, source INTEGER NOT NULL, time INTEGER NOT NULL, body TEXT);
  CREATE INDEX records_by_time ON records (device, time);
  CREATE TABLE gaps (after INTEGER PRIMARY KEY, up_to INTEGER NOT NULL);
  CREATE TABLE sinks (name TEXT PRIMARY KEY, at INTEGER NOT NULL, dropped INTEGER NOT NULL) WITHOUT ROWID;
`;

/**
 * Version 2: figures of many samples at once, so that a history need not read each of them. All can be made anew from the
 * records.
 * - `series`: the channels by their names, whatever place a description gives them.
 * - `summaries`: figures of consecutive samples of a series, sequences `first` to `last`, times `since` to `until`. Up to the
 *   sequence `summarised` of `meta` each value is in exactly one, words aside.
 */
const V2 = `
  CREATE TABLE series (id INTEGER PRIMARY KEY, device INTEGER NOT NULL, channel TEXT NOT NULL, UNIQUE (device, channel));
  CREATE TABLE summaries (
    series INTEGER NOT NULL, until INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, since INTEGER NOT NULL,
    count INTEGER NOT NULL, uncertain INTEGER NOT NULL, bad INTEGER NOT NULL, min REAL, max REAL, sum REAL,
    PRIMARY KEY (series, until, first)) WITHOUT ROWID;
  CREATE INDEX summaries_by_last ON summaries (last);
`;

/** Each brings a file from its version to the next. */
const STEPS: readonly string[] = [V1, V2];

/** A file that must not be touched, with what to tell of it. */
export class ForeignFile extends Error {}

/** @returns the version of the file, 0 for a new one @throws ForeignFile where it is no journal, or one of a newer labwire */
export function versionOf(database: Database.Database): number {
  const version = Number(database.pragma('user_version', { simple: true }));
  const application = Number(database.pragma('application_id', { simple: true }));
  const tables = Number(database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get());
  if (tables > 0 && application !== APPLICATION_ID) throw new ForeignFile('it is not a journal of labwire');
  if (version > VERSION)
    throw new ForeignFile(`it was written by a newer labwire (its version is ${version}, known is ${VERSION})`);
  return tables === 0 ? 0 : version;
}

/** Makes a new file a journal, and an older journal one of this version. */
export function migrate(database: Database.Database, version: number): void {
  if (version === VERSION) return;
  database.transaction(() => {
    for (const step of STEPS.slice(version)) database.exec(step);
    database.pragma(`application_id = ${APPLICATION_ID}`);
    database.pragma(`user_version = ${VERSION}`);
  })();
}

/** @throws ForeignFile where this is no journal whose records can be read */
export function checkReadable(database: Database.Database): void {
  const version = versionOf(database);
  if (version < LEAST_READABLE) throw new ForeignFile('it is no journal of labwire, or not one yet');
}
