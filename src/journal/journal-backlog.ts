import { type Clock, LabwireError, type Timer, toError } from '../base/index.ts';
import type { Sample } from '../instrument/index.ts';
import { FileFailure } from './file-failure.ts';
import { FileThread } from './file-thread.ts';
import type { JournalRecord, RangeQuery } from './journal.ts';
import type { ReaderRequest, Rows } from './messages.ts';
import { samplesByTime } from './range.ts';
import { readRows } from './read-rows.ts';
import { RecordDecoder } from './record-codec.ts';

export interface BacklogListener {
  /** Rows could not be understood and were left out. */
  damaged(): void;
  failed(failure: FileFailure): void;
}

const READ_LIMIT_MS = 30_000;
/** A thread that has nothing to do costs memory. */
const IDLE_MS = 60_000;

interface Reader {
  readonly thread: FileThread<ReaderRequest>;
  readonly decoder: RecordDecoder;
}

/** What of the journal is on disk only, read by a thread of its own, which lives while there is something to read. */
export class JournalBacklog {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #listener: BacklogListener;
  #reader: Reader | undefined;
  #idle: Timer | undefined;
  readonly #ranges = new Set<FileThread<ReaderRequest>>();

  constructor(path: string, clock: Clock, listener: BacklogListener) {
    this.#path = path;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** The first records in (after, upTo], in order. @throws LabwireError JOURNAL_FAILED */
  async read(after: number, limit: number, upTo: number): Promise<JournalRecord[]> {
    let from = after;
    for (;;) {
      const { thread, decoder } = this.#open();
      const rows = await this.#ask(thread, { kind: 'read', after: from, limit, upTo });
      const { records, damaged } = readRows(decoder, rows);
      if (damaged > 0) this.#listener.damaged();
      // Where every row is damaged there may yet be sound ones behind.
      if (records.length > 0 || !rows.last) return records;
      from = rows.last.sequence;
    }
  }

  /** @param before what is to be waited for */
  async *range(query: RangeQuery, before: Promise<void> | undefined): AsyncGenerator<Sample> {
    await before;
    const thread = new FileThread<ReaderRequest>('reader', this.#path);
    this.#ranges.add(thread);
    try {
      yield* samplesByTime(
        {
          devices: () => thread.ask<string[]>({ kind: 'devices' }),
          page: (request) => thread.ask<Rows>({ kind: 'page', ...request }),
        },
        query,
        new RecordDecoder(),
      );
    } catch (error) {
      throw this.#error(error);
    } finally {
      this.#ranges.delete(thread);
      await thread.end();
    }
  }

  /** Ends the threads; the next read makes another. */
  async close(): Promise<void> {
    await Promise.all([this.#endReader(), ...[...this.#ranges].map((thread) => thread.end())]);
  }

  async #endReader(): Promise<void> {
    this.#idle?.cancel();
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.thread.end();
  }

  #open(): Reader {
    this.#idle?.cancel();
    this.#idle = this.#clock.setTimer(() => void this.#endReader(), IDLE_MS);
    this.#reader ??= { thread: new FileThread('reader', this.#path), decoder: new RecordDecoder() };
    return this.#reader;
  }

  async #ask(thread: FileThread<ReaderRequest>, request: ReaderRequest): Promise<Rows> {
    const limit = this.#clock.setTimer(() => void thread.end(), READ_LIMIT_MS);
    try {
      return await thread.ask<Rows>(request);
    } catch (error) {
      // Whatever is wrong with it, the next read begins anew.
      if (this.#reader?.thread === thread) this.#reader = undefined;
      await thread.end();
      if (error instanceof FileFailure) this.#listener.failed(error);
      throw this.#error(error);
    } finally {
      limit.cancel();
    }
  }

  #error(error: unknown): LabwireError {
    const message = `The journal ${this.#path} cannot be read: ${toError(error).message}`;
    return new LabwireError('JOURNAL_FAILED', message, { cause: error });
  }
}
