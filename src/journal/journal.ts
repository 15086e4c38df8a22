import type { ErrorCode } from '../base/index.ts';
import type { DeviceDescription, Sample } from '../instrument/index.ts';
import type { EventPage, EventQuery, EventRecord } from './events.ts';
import type { History, HistoryQuery } from './history.ts';

/** A device's channels as they are from here on: written at connect, on change, and without channels at its removal. */
export interface DescriptionRecord {
  readonly kind: 'description';
  sequence: number;
  readonly time: number;
  readonly source: DeviceDescription;
}

export type JournalRecord = Sample | EventRecord | DescriptionRecord;

/** Whether what is appended reaches the disk. */
export type JournalState =
  | { readonly state: 'ok' }
  | {
      /** Records are kept in memory, up to a bound, and the disk is tried again. */
      readonly state: 'degraded';
      readonly code: ErrorCode;
      readonly message: string;
      /** In UTC, as it is told everywhere: `2026-11-24T03:40:00.123456Z`. */
      readonly since: string;
    };

/** Which samples `range` is to give. */
export interface RangeQuery {
  /** Device id; default: all devices. */
  readonly device?: string;
  /** Whole µs since the Unix epoch, inclusive. */
  readonly from: number;
  /** Whole µs since the Unix epoch, exclusive. */
  readonly to: number;
}

/**
 * The log between drivers and sinks: one sequence of records, one offset for each sink. A sink reads behind its offset
 * at its own pace and acknowledges what its server has taken; no sink ever waits for another.
 *
 * How a sink uses it. On each connection it notes the head H. What lies in (`delivered(sink)`, H] is its backlog; what
 * is > H is live. It reads both with `read`, each by a cursor of its own, and acknowledges what it delivered of either
 * by its range: `acknowledge(sink, upTo, after)`. A range beyond an open backlog is remembered and moves nothing; once the
 * backlog has come up to it, the offset passes over both. So the sink need not keep books, and a crash at any time
 * costs repetitions, never a loss. Sequences grow but have gaps: after a crash, and where records were discarded.
 */
export interface Journal {
  /**
   * Makes it ready; to be awaited before any sink asks for its offset. A disk that cannot be used is no error: the journal is then
   * `degraded`.
   *
   * @throws LabwireError JOURNAL_BUSY where another process has the journal
   */
  open(): Promise<void>;
  /** Takes a record and gives it its sequence number. Never waits, never throws. */
  append(record: JournalRecord): void;
  /** The last sequence number given. */
  readonly head: number;
  /** Everything up to here survives the end of the process. */
  readonly committed: number;
  /** Calls back after each append, before the commit, until the returned function is called; the listener must be quick. */
  onAppend(listener: () => void): () => void;
  /** The sinks that have an offset, those of earlier runs too. */
  sinks(): readonly string[];
  /** Where a sink begins after a restart; never beyond `committed`. A new sink stands at the head. */
  offset(sink: string): number;
  /** Everything up to here is acknowledged, also what is not committed yet. */
  delivered(sink: string): number;
  /**
   * The records in (`after`, `upTo`] are delivered.
   *
   * @param after default: everything up to `upTo` is
   */
  acknowledge(sink: string, upTo: number, after?: number): void;
  /**
   * The first records in (`after`, `upTo`], at most `limit`, in order; what is no longer kept is skipped. No record: there is none, and
   * a backlog that ended there is done. What is still in memory, as all that is live, comes at once; else it is
   * read from the disk.
   *
   * @param upTo default: the head
   * @returns a promise where the disk is needed, which rejects with LabwireError JOURNAL_FAILED while that cannot be read
   */
  read(after: number, limit: number, upTo?: number): readonly JournalRecord[] | Promise<readonly JournalRecord[]>;
  /** Samples by time, oldest first, of what is kept. Read beside all else, a bounded part at a time. */
  range(query: RangeQuery): AsyncIterable<Sample>;
  /**
   * What a channel said in buckets of time, of what is kept and on the disk: what was recorded within the last 50 ms may be
   * missing. Read beside all else, two queries at once and up to 16 waiting, each at most 5 s. A clock that was set back
   * has its samples where their times say.
   *
   * @throws LabwireError QUEUE_FULL, TIMEOUT, ABORTED, JOURNAL_FAILED
   */
  history(query: HistoryQuery, signal?: AbortSignal): Promise<History>;
  /** Events, newest first, under the same conditions. @throws LabwireError QUEUE_FULL, TIMEOUT, ABORTED, JOURNAL_FAILED */
  events(query: EventQuery, signal?: AbortSignal): Promise<EventPage>;
  /** How many records the sink has not acknowledged. */
  lag(sink: string): number;
  /** About the time of the oldest record that the sink has not acknowledged, in µs; undefined when it has all. */
  oldest(sink: string): number | undefined;
  /** Records that were discarded before this sink had them, over all restarts. */
  dropped(sink: string): number;
  /** The sink is no more: nothing is kept for it any longer. */
  forget(sink: string): void;
  /**
   * Calls back when what sinks had delivered moved back: a file was found only after a while, and knows of records that
   * they have not. A sink that has taken note of `delivered` takes from there to where it began for backlog too.
   */
  onRewind(listener: () => void): () => void;
  readonly state: JournalState;
  /** Calls back when `state` changed. */
  onState(listener: (state: JournalState) => void): () => void;
  /** Commits everything, as far as that is possible within the limit. Never throws. */
  close(limitMs?: number): Promise<void>;
}
