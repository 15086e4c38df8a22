export type { DescriptionRecord, EventRecord, Journal, JournalRecord, Severity } from './journal.ts';
