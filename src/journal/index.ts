export type { DescriptionRecord, EventRecord, Journal, JournalRecord, Severity } from './journal.ts';
export { MemoryJournal, type MemoryJournalOptions } from './memory-journal.ts';
