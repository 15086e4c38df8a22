import type Database from 'better-sqlite3';

/** "lwjr": tells a journal from any other SQLite file. */
const APPLICATION_ID = 0x6c776a72;
const VERSION = 1;

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

/** Each brings a file from its version to the next. */
const STEPS: readonly string[] = [V1];

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

/** @throws ForeignFile where this is no journal of this version */
export function checkReadable(database: Database.Database): void {
  const version = versionOf(database);
  if (version !== VERSION) throw new ForeignFile(`its version is ${version}, known is ${VERSION}`);
}
