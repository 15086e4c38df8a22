import { resolve } from 'node:path';
import type { Clock, Logger } from '../base/index.ts';
import type { Configuration } from '../config/index.ts';
import { type Journal, MemoryJournal, SqliteJournal } from '../journal/index.ts';

type JournalConfiguration = Configuration['journal'];

/** The journal in a file, or in memory where there is none. */
export function makeJournal(
  configuration: JournalConfiguration,
  file: string | undefined,
  parts: { readonly clock: Clock; readonly log: Logger },
): Journal {
  if (file === undefined) return new MemoryJournal();
  return new SqliteJournal({ path: resolve(file), ...limits(configuration) }, parts);
}

/** Takes over what may change while it runs. */
export function changeJournal(
  journal: Journal,
  before: JournalConfiguration,
  after: JournalConfiguration,
  log: Logger,
): void {
  if (journal instanceof SqliteJournal) journal.limit(limits(after));
  if (before.path !== after.path) log.warn('another journal.path is used after a restart');
}

const limits = ({ maxSize, maxAge }: JournalConfiguration): { maxSize: number; maxAge: number } => ({
  maxSize,
  maxAge: maxAge * 1000,
});
