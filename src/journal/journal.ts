import type { DeviceDescription, Sample } from '../instrument/index.ts';

export type Severity = 'info' | 'warning' | 'error';

/** Something that happened, for people and for annotations in a graph. */
export interface EventRecord {
  readonly kind: 'event';
  sequence: number;
  /** Whole µs since the Unix epoch. */
  readonly time: number;
  readonly severity: Severity;
  /** Device id, or undefined for the gateway itself. */
  readonly device?: string;
  /** What family of happening: `task`, `port`, `device`, `configuration`, `gateway` … */
  readonly eventKind: string;
  /** An error code of labwire, or a word such as `TASK_RECOVERED`. */
  readonly code: string;
  /** A few words. */
  readonly title: string;
  /** The sentence with the cause. */
  readonly text: string;
}

/** A device's channels as they are from here on: written at connect, on change, and without channels at its removal. */
export interface DescriptionRecord {
  readonly kind: 'description';
  sequence: number;
  readonly time: number;
  readonly source: DeviceDescription;
}

export type JournalRecord = Sample | EventRecord | DescriptionRecord;

/**
 * The log between drivers and sinks: one sequence of records, one offset for each sink. A sink reads behind its offset
 * at its own pace and acknowledges what its server has taken; no sink ever waits for another.
 */
export interface Journal {
  /** Takes a record and gives it its sequence number. Never waits, never throws. */
  append(record: JournalRecord): void;
  /** The last sequence number given. */
  readonly head: number;
  /** Calls back after each append until the returned function is called; the listener must be quick. */
  onAppend(listener: () => void): () => void;
  /** Where a sink stands: everything up to here is delivered. A new sink stands at the head. */
  offset(sink: string): number;
  /** Everything up to and including `sequence` is delivered. Never moves back, never beyond the head. */
  acknowledge(sink: string, sequence: number): void;
  /** Up to `limit` records behind `after`, in order; skips what is no longer kept. */
  read(after: number, limit: number): readonly JournalRecord[];
  /** The sink is no more: nothing is kept for it any longer. */
  forget(sink: string): void;
  /** Records that were discarded before this sink had them. */
  dropped(sink: string): number;
  close(): Promise<void>;
}
