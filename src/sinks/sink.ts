import type { Clock, Logger } from '../base/index.ts';
import type { DeviceDescription } from '../instrument/index.ts';
import type { Journal, JournalRecord } from '../journal/index.ts';
import type { Requests } from './requests.ts';

/** A value of the gateway's current state by its place in the tree, e.g. `['cryostat', 'settings', 'interval']`. */
export interface StateEntry {
  readonly path: readonly string[];
  /** A string is sent as it stands, anything else as JSON; undefined: the entry is gone. */
  readonly value: unknown;
}

/**
 * The gateway's current state, which is no record: a sink takes the snapshot at each connect and then the changes.
 * Declared here, given by the gateway.
 */
export interface StateSource {
  /** Entries that are gone come first, without a value: a broker may still hold what it was told of them. */
  snapshot(): Iterable<StateEntry>;
  /** The newest sample of each device, as the last thing that a reader should find. */
  latest(): Iterable<JournalRecord & { kind: 'sample' }>;
  /** Every configured device as it is now; when one changes, so does its state `info`. */
  devices(): Iterable<DeviceDescription>;
  onChange(listener: (entry: StateEntry) => void): () => void;
}

/** Something that a server refused for good. */
export interface DeadLetter {
  readonly time: string;
  readonly reason: string;
  /** As it was sent; a long one is cut. */
  readonly text: string;
}

/** What a sink says about itself. */
export interface SinkStatus {
  readonly connected: boolean;
  /** Records that the sink has not delivered. */
  readonly lag: number;
  /** Age of the oldest of them, s; 0 where there is none. */
  readonly lagSeconds: number;
  /** Delivered records per second over about the last 10 s. */
  readonly rate: number;
  readonly delivered: number;
  readonly retries: number;
  /** Records that the journal discarded before they were delivered, and what the server refused for good. */
  readonly dropped: number;
  /** What the server refused for good: how much, and the newest of it. The journal still has it. */
  readonly deadLetters: { readonly count: number; readonly last: readonly DeadLetter[] };
  readonly lastError: string | null;
}

/** What every sink is given. */
export interface SinkParts {
  readonly journal: Journal;
  readonly state: StateSource;
  readonly clock: Clock;
  readonly log: Logger;
  /** 0 ≤ r < 1, for the jitter of delays; default `Math.random`. */
  readonly random?: () => number;
  /** Where clients' requests go; without it a sink takes none. */
  readonly requests?: Requests;
}

/** Takes records from the journal to one broker or database. */
export interface Sink {
  /** The configured name; also the name of its offset. */
  readonly name: string;
  /** Returns at once: an unreachable server never holds up the gateway. */
  start(): void;
  /** Before a stop for good: takes back the announcement of devices to others, if it made any. */
  withdraw?(): void;
  /** Delivers what it can within the limit, then closes. Never throws. */
  stop(limitMs: number): Promise<void>;
  readonly status: SinkStatus;
  /** Tells when `connected`, `retries` or `lastError` changed; the other counts are looked up. */
  onStatus(listener: () => void): () => void;
}
