export type {
  DescriptionRecord,
  EventRecord,
  Journal,
  JournalRecord,
  JournalState,
  RangeQuery,
  Severity,
} from './journal.ts';
export { MemoryJournal, type MemoryJournalOptions } from './memory-journal.ts';
