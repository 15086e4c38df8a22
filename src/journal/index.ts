export type { EventPage, EventPlace, EventQuery, EventRecord, Severity } from './events.ts';
export type { History, HistoryBucket, HistoryQuery } from './history.ts';
export type {
  DescriptionRecord,
  Journal,
  JournalRecord,
  JournalState,
  RangeQuery,
} from './journal.ts';
export { JournalReader } from './journal-reader.ts';
export { MemoryJournal, type MemoryJournalOptions } from './memory-journal.ts';
export { type JournalParts, SqliteJournal, type SqliteJournalOptions } from './sqlite-journal.ts';
