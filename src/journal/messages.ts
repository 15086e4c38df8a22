import type { EventQuery } from './events.ts';
import type { HistoryQuery } from './history.ts';
import type { SourceText } from './record-codec.ts';

/** How the journal and its threads speak: what crosses between them is cloned, so everything here is plain data. */

export interface JournalLimits {
  /** Bytes of the file with what belongs to it. */
  readonly maxSize: number;
  /** Milliseconds. */
  readonly maxAge: number;
}

export interface OpenRequest {
  readonly kind: 'open';
  readonly path: string;
  readonly limits: JournalLimits;
  /** The file that was open before, and what it certainly has: it is gone on with there. */
  readonly known?: { readonly id: string; readonly committed: number };
  /** The file is damaged: begin another. */
  readonly setAside?: boolean;
  /** Sequences of a file that takes the place of a damaged one begin here. */
  readonly floor: number;
}

export type SinkRow = readonly [name: string, offset: number, dropped: number];
export type GapRow = readonly [after: number, upTo: number];

export interface Opened {
  /** Tells one file from another. */
  readonly id: string;
  /** Sequences up to here may have been given. */
  readonly head: number;
  /** The last sequence that is no longer kept. */
  readonly tail: number;
  readonly sinks: readonly SinkRow[];
  readonly gaps: readonly GapRow[];
  /** Sequences and times of the first record behind each offset. */
  readonly marks: readonly (readonly [sequence: number, time: number])[];
  /** Where a damaged file now is. */
  readonly aside?: string;
}

export interface CommitRequest {
  readonly kind: 'commit';
  /** Sequence of the first line. */
  readonly first: number;
  readonly count: number;
  readonly text: string;
  readonly sources: readonly SourceText[];
  /** Of the sinks that moved. */
  readonly sinks: readonly SinkRow[];
  readonly forgotten: readonly string[];
  /** Sequences up to here are given. */
  readonly head: number;
  readonly limits: JournalLimits;
  /** Wall time, ms. */
  readonly now: number;
}

/** What of the file is kept. */
export interface Kept {
  readonly tail: number;
  /** There is more to do than one step took. */
  readonly more: boolean;
}

export interface Committed extends Kept {
  /** Records were found that make no sense. */
  readonly damaged: boolean;
}

export interface CloseRequest {
  readonly kind: 'close';
  /** Sequences up to here are given, and no more will be. */
  readonly head: number;
}

export interface ReadRequest {
  readonly kind: 'read';
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
}

export interface PageRequest {
  readonly kind: 'page';
  readonly device: string;
  /** µs, inclusive; behind this sequence where the time is the same. */
  readonly from: number;
  readonly after: number;
  /** µs, exclusive. */
  readonly to: number;
  readonly limit: number;
}

export interface Rows {
  /** JSON: an array of `Row`. */
  readonly text: string;
  /** Descriptions that this reader has not told before. */
  readonly sources: readonly (readonly [id: number, text: string])[];
  /** Of the last row; undefined where there was none. */
  readonly last?: { readonly sequence: number; readonly time: number };
}

export interface DevicesRequest {
  readonly kind: 'devices';
}

/** Answered with a `History`. */
export interface HistoryRequest {
  readonly kind: 'history';
  readonly query: HistoryQuery;
}

/** Answered with an `EventPage`. */
export interface EventsRequest {
  readonly kind: 'events';
  readonly query: EventQuery;
}

export type WriterRequest = OpenRequest | CommitRequest | CloseRequest;
export type ReaderRequest = ReadRequest | PageRequest | DevicesRequest | HistoryRequest | EventsRequest;

/** Why a request failed. */
export interface Failure {
  /** SQLite's, or `BUSY`: another process has the journal; `GONE`: the file is not where it was; `FOREIGN`: not ours. */
  readonly code: string;
  readonly message: string;
}
export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure };
