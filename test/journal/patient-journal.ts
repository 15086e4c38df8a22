import { type JournalParts, SqliteJournal, type SqliteJournalOptions } from '../../src/journal/index.ts';

const PATIENCE_MS = 60_000;

/** The journal on disk, for tests of other things than its limits: a machine with much to do starts a thread in seconds. */
export class PatientJournal extends SqliteJournal {
  constructor(options: SqliteJournalOptions, parts: JournalParts) {
    super({ openLimit: PATIENCE_MS, ...options }, parts);
  }

  override close(limitMs = PATIENCE_MS): Promise<void> {
    return super.close(limitMs);
  }
}
