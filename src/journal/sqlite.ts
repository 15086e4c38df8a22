import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';

/**
 * better-sqlite3 12 is the last line for Node 20, and from Node 24.16 on ends the process when a statement is collected;
 * line 13 wants Node 22. Both have the same face, so each Node has the one that it can run.
 */
const line = Number.parseInt(process.versions.node, 10) >= 22 ? 'better-sqlite3-13' : 'better-sqlite3';

/**
 * Opens a database file, and makes it if it is missing. Loaded at first use: where the binding cannot be had the journal
 * is to say so, and not the import.
 */
export function openSqlite(path: string, options: Database.Options): Database.Database {
  const Sqlite: typeof Database = createRequire(import.meta.url)(line);
  return new Sqlite(path, options);
}
