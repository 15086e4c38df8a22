import { type Clock, geometricDelay, isoTime, LabwireError, sleep, toError, within } from '../../base/index.ts';
import type { Journal, JournalRecord } from '../../journal/index.ts';
import { AppendWait } from '../append-wait.ts';
import type { Sink, SinkParts, SinkStatus } from '../sink.ts';
import { StatusBoard } from '../sink-status.ts';
import { Trouble } from '../trouble.ts';
import { LineFiles, type Lines } from './line-files.ts';
import { csv, jsonLines, type TextFormat } from './text-format.ts';

export interface FileSinkOptions {
  /** Name of the sink and of its offset in the journal. */
  readonly name: string;
  /** The folder; it is made. */
  readonly path: string;
  readonly format: 'csv' | 'jsonl';
  /** How long one file goes on, s: 3600 or 86400. */
  readonly rotate: number;
  /** Bytes after which a file is followed by another part. */
  readonly maxSize: number;
}

const LARGEST_BATCH = 10_000;
/** From one write to the next, unless a whole batch waits: a card in a small computer wears out by writing. */
const PACE_MS = 2000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
const DELAY_STEPS = 6;
const HOUR_S = 3600;
const DRAIN_SHARE = 0.9;

/**
 * Writes samples and events to files, `<device>/<device>_2026-11-24.csv` and `events/events_2026-11-24.csv`, days and hours in
 * UTC. A record counts as delivered when it is on the disk.
 */
export function fileSink(options: FileSinkOptions, parts: SinkParts): Sink {
  return new FileSink(options, parts);
}

class FileSink implements Sink {
  readonly name: string;
  readonly #path: string;
  readonly #format: TextFormat;
  /** Of a time as text: what is in the name of a file. */
  readonly #stampLength: number;
  readonly #files: LineFiles;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #board: StatusBoard;
  readonly #trouble: Trouble;
  readonly #wait: AppendWait;
  /** Ends pauses: the rest is still written. */
  readonly #stop = new AbortController();
  /** Nothing more is begun. */
  #abandoned = false;
  #failures = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: FileSinkOptions, { journal, clock, log }: SinkParts) {
    this.name = options.name;
    this.#path = options.path;
    this.#format = options.format === 'csv' ? csv : jsonLines;
    this.#stampLength = (options.rotate === HOUR_S ? '2026-11-24T03' : '2026-11-24').length;
    this.#files = new LineFiles(options.path, this.#format.ending, options.maxSize);
    this.#journal = journal;
    this.#clock = clock;
    this.#board = new StatusBoard(options.name, journal, clock);
    this.#trouble = new Trouble(log);
    this.#wait = new AppendWait(journal, clock);
  }

  start(): void {
    this.#journal.offset(this.name);
    this.#wait.start();
    this.#running = this.#run();
  }

  async stop(limitMs: number): Promise<void> {
    this.#stop.abort();
    this.#wait.wake();
    // What is not written in time stays in the journal.
    await within(this.#clock, limitMs * DRAIN_SHARE, this.#running, 'Writing what is left').catch(() => {});
    // A disk that hangs lets nobody in: then the running write is left behind.
    this.#abandoned = true;
    this.#wait.stop();
    this.#board.disconnected();
  }

  get status(): SinkStatus {
    return this.#board.status;
  }

  onStatus(listener: () => void): () => void {
    return this.#board.onChange(listener);
  }

  async #run(): Promise<void> {
    let nextWrite = 0;
    while (!this.#abandoned) {
      const after = this.#journal.delivered(this.name);
      if (!this.#stop.signal.aborted) await this.#wait.until(after + 1);
      const pause = nextWrite - this.#clock.monotonic();
      if (!this.#stop.signal.aborted) await this.#wait.until(after + LARGEST_BATCH, pause);
      if (this.#journal.head === after) return;
      nextWrite = this.#clock.monotonic() + PACE_MS;
      if (!(await this.#deliver(after, this.#journal.head))) return;
    }
  }

  /** @returns false when the sink was stopped before */
  async #deliver(after: number, upTo: number): Promise<boolean> {
    const records = await this.#read(after, upTo);
    if (!records) return false;
    let waiting = [...this.#byFile(records)];
    for (;;) {
      let failure: Error | undefined;
      const failed: Lines[] = [];
      for (const lines of waiting) {
        if (this.#abandoned) return false;
        try {
          await this.#files.append(lines);
        } catch (error) {
          failure = toError(error);
          failed.push(lines);
        }
      }
      if (!failure) break;
      // What has been written is not written again.
      waiting = failed;
      if (!(await this.#recover(failure))) return false;
    }
    if (this.#abandoned) return false;
    this.#failures = 0;
    this.#trouble.over(`Writing to ${this.#path}`);
    this.#board.healthy();
    this.#board.delivered += records.length;
    this.#journal.acknowledge(this.name, records.at(-1)?.sequence ?? upTo, after);
    return true;
  }

  async #read(after: number, upTo: number): Promise<readonly JournalRecord[] | undefined> {
    for (;;) {
      try {
        return await this.#journal.read(after, LARGEST_BATCH, upTo);
      } catch (error) {
        if (!(await this.#recover(toError(error)))) return undefined;
      }
    }
  }

  #byFile(records: readonly JournalRecord[]): Iterable<Lines> {
    const files = new Map<string, { stem: string; header: string | undefined; text: string }>();
    for (const record of records) {
      // What the channels are stands in each header, or in each line.
      if (record.kind === 'description') continue;
      const isSample = record.kind === 'sample';
      const folder = isSample ? record.source.device : 'events';
      const stem = `${folder}/${folder}_${isoTime(record.time).slice(0, this.#stampLength)}`;
      const header = isSample ? this.#format.header(record.source) : this.#format.eventHeader;
      const line = isSample ? this.#format.sample(record) : this.#format.event(record);
      const key = `${stem}\n${header}`;
      const file = files.get(key);
      if (file) file.text += `${line}\n`;
      else files.set(key, { stem, header, text: `${line}\n` });
    }
    return files.values();
  }

  /** @returns false when the sink is to end */
  async #recover(cause: Error): Promise<boolean> {
    if (this.#stop.signal.aborted || this.#abandoned) return false;
    const error = new LabwireError('SINK_FILE', `${this.#path} cannot be written: ${reasonOf(cause)}`, { cause });
    this.#trouble.report(error);
    this.#board.retry(error.message);
    const pause = geometricDelay(++this.#failures, FIRST_DELAY_MS, LONGEST_DELAY_MS, DELAY_STEPS);
    await sleep(this.#clock, pause, this.#stop.signal).catch(() => {});
    return true;
  }
}

function reasonOf(cause: Error): string {
  const words: Record<string, string> = {
    ENOSPC: 'the disk is full; make room, and it goes on',
    EDQUOT: 'the quota of this user is used up; make room, and it goes on',
    EROFS: 'the disk is read-only',
    EACCES: 'this user has no permission to; give it the folder',
    EPERM: 'this user has no permission to; give it the folder',
    ENOTDIR: 'a file stands where a folder should be',
    EEXIST: 'a file stands where a folder should be',
    EISDIR: 'a folder stands where a file should be',
  };
  return words[(cause as NodeJS.ErrnoException).code ?? ''] ?? cause.message;
}
