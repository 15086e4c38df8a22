export type { EventPage, EventPlace, EventQuery } from './events.ts';
export type { History, HistoryBucket, HistoryQuery } from './history.ts';
export type {
  DescriptionRecord,
  EventRecord,
  Journal,
  JournalRecord,
  JournalState,
  RangeQuery,
  Severity,
} from './journal.ts';
export { JournalReader } from './journal-reader.ts';
export { MemoryJournal, type MemoryJournalOptions } from './memory-journal.ts';
export { type JournalParts, SqliteJournal, type SqliteJournalOptions } from './sqlite-journal.ts';
