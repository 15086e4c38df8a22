import { type Clock, maskSecrets, sleep, toError, within } from '../../base/index.ts';
import type { Journal } from '../../journal/index.ts';
import { AppendWait } from '../append-wait.ts';
import { Gate } from '../gate.ts';
import type { Sink, SinkParts, SinkStatus } from '../sink.ts';
import { StatusBoard } from '../sink-status.ts';
import { Backlog, type Range } from './backlog.ts';
import { type Batch, readBatch } from './batch.ts';
import { InfluxServer } from './influx-server.ts';
import { LineProtocol } from './line-protocol.ts';
import { type Outage, PointWriter, type Refused } from './point-writer.ts';
import { Recovery } from './recovery.ts';
import { StatusPoints } from './status-points.ts';

/** InfluxDB 1: `database`, `username`, `password`; 2 and 3, by their 1.x endpoint: `token`, `bucket`, `org`. */
export interface InfluxSinkOptions {
  /** Name of the sink and of its offset in the journal. */
  readonly name: string;
  /** `http://host:8086`. */
  readonly url: string;
  /** Id of the gateway, for what is said of no device. */
  readonly gateway: string;
  /** Default: the bucket, else `labwire`. */
  readonly database?: string | undefined;
  /** Whether a missing database is made; default true. A bucket never is. */
  readonly create?: boolean | undefined;
  /** How long a database that is made keeps its points, s, 3600 or more; default for ever. */
  readonly retention?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly org?: string | undefined;
  readonly bucket?: string | undefined;
}

const LARGEST_BATCH = 5000;
/** From one write of live records to the next, unless a whole batch waits. */
const PACE_MS = 1000;
/** Live records that wait for more than this are backlog: those that come after them do not wait. */
const FALLEN_BEHIND = 4 * LARGEST_BATCH;
/** While one batch is on its way the next is made; more at a time takes memory and is no faster. */
const BACKLOG_LANES = 2;
const BACKLOG_BATCH = 2000;
const UNREADABLE_PAUSE_MS = 5000;
/** Of the time for a stop: what may go into writing the rest, before a request under way is abandoned. */
const DRAIN_SHARE = 0.9;

/** Writes records in batches, each until the server has it: what is live, and beside it what lies behind. */
export function influxSink(options: InfluxSinkOptions, parts: SinkParts): Sink {
  return new InfluxSink(options, parts);
}

class InfluxSink implements Sink {
  readonly name: string;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #parts: SinkParts;
  readonly #board: StatusBoard;
  readonly #recovery: Recovery;
  readonly #writer: PointWriter;
  readonly #lines: LineProtocol;
  /** Ends requests and pauses. */
  readonly #abandon = new AbortController();
  /** Ends pauses alone: the rest is still written. */
  readonly #stop = new AbortController();
  readonly #wait: AppendWait;
  readonly #backlog = new Backlog();
  readonly #backlogGate = new Gate();
  readonly #reachedGate = new Gate();
  readonly #statusGate = new Gate();
  readonly #statuses: StatusPoints;
  /** What lies behind this sequence is live. */
  #live = 0;
  /** What lies before was delivered when the sink was started, by what the journal knew then. */
  #begin = 0;
  #forgetRewind: (() => void) | undefined;
  /** When live records may be written again, by the monotonic clock. */
  #nextWrite = 0;
  /** What ended the lanes. */
  #outage: Outage | undefined;
  #refusal: string | undefined;
  /** Why the journal could not be read last: each reason is logged once. */
  #unreadable: string | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: InfluxSinkOptions, parts: SinkParts) {
    this.name = options.name;
    this.#parts = parts;
    this.#journal = parts.journal;
    this.#clock = parts.clock;
    this.#board = new StatusBoard(options.name, parts.journal, parts.clock);
    this.#wait = new AppendWait(parts.journal, parts.clock);
    const database = options.database ?? options.bucket ?? 'labwire';
    const server = new InfluxServer({ ...options, database }, parts.clock);
    this.#recovery = new Recovery({
      server,
      address: maskSecrets(options.url),
      create: (options.create ?? true) && options.bucket === undefined,
      retention: options.retention,
      board: this.#board,
      clock: parts.clock,
      log: parts.log,
      random: parts.random ?? Math.random,
    });
    this.#writer = new PointWriter(server, () => {
      this.#recovery.over(this.#abandon.signal);
      this.#reachedGate.open();
    });
    this.#lines = new LineProtocol(options.gateway);
    const { state, clock, log } = parts;
    this.#statuses = new StatusPoints({ gateway: options.gateway, state, clock, log }, () => this.#statusGate.open());
  }

  start(): void {
    this.#begin = this.#journal.delivered(this.name);
    this.#live = this.#begin;
    this.#forgetRewind = this.#journal.onRewind(() => {
      this.#addBehind({ after: this.#journal.delivered(this.name), upTo: this.#begin });
    });
    this.#wait.start();
    this.#statuses.start();
    this.#running = this.#run();
  }

  async stop(limitMs: number): Promise<void> {
    this.#stop.abort();
    this.#wakeLanes();
    // What is not written in time stays in the journal.
    await within(this.#clock, limitMs * DRAIN_SHARE, this.#running, 'Writing what is left').catch(() => {});
    this.#abandon.abort();
    // Nothing but a disk that hangs can hold it now.
    await within(this.#clock, limitMs * (1 - DRAIN_SHARE), this.#running, 'Abandoning what is left').catch(() => {});
    this.#wait.stop();
    this.#statuses.stop();
    this.#forgetRewind?.();
    this.#board.disconnected();
  }

  get status(): SinkStatus {
    return this.#board.status;
  }

  onStatus(listener: () => void): () => void {
    return this.#board.onChange(listener);
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#connection();
      const outage = this.#outage;
      this.#outage = undefined;
      if (!outage) return;
      if (!(await this.#recovery.after(outage, this.#stop.signal, this.#abandon.signal))) return;
    }
  }

  /** Writes until the server takes nothing any more, or until a stop has written the rest. */
  async #connection(): Promise<void> {
    // What came while the server was away is no longer live.
    this.#putBehind();
    const probe = this.#backlog.empty ? undefined : await this.#probe();
    if (this.#outage) return;
    const backlogLanes = Array.from({ length: BACKLOG_LANES }, () => this.#backlogLane());
    await Promise.all([probe?.done, this.#liveLane(), this.#statusLane(), ...backlogLanes]);
  }

  /** While the server may still be away one batch asks for it. @returns once it is there, or is not, the rest of that */
  async #probe(): Promise<{ readonly done: Promise<boolean> }> {
    this.#nextWrite = this.#clock.monotonic() + PACE_MS;
    const reached = this.#reachedGate.wait();
    const done = this.#deliverOldest();
    await Promise.race([done, reached]);
    this.#putBehind();
    return { done };
  }

  async #liveLane(): Promise<void> {
    while (!this.#outage) {
      await this.#appended(this.#live + 1);
      await this.#appended(this.#live + LARGEST_BATCH, this.#nextWrite - this.#clock.monotonic());
      const { head } = this.#journal;
      if (this.#outage || head === this.#live) return;
      if (head - this.#live > FALLEN_BEHIND && !this.#stop.signal.aborted) {
        this.#putBehind();
        continue;
      }
      this.#nextWrite = this.#clock.monotonic() + PACE_MS;
      const batch = await this.#read({ after: this.#live, upTo: head });
      this.#live = batch?.upTo ?? head;
      if (!batch) continue;
      await this.#deliver(batch);
      // Large points leave some behind: those do not wait once more.
      if (this.#live < head) this.#nextWrite = 0;
    }
  }

  async #backlogLane(): Promise<void> {
    while (!this.#outage) {
      if (await this.#deliverOldest()) continue;
      if (this.#stop.signal.aborted) return;
      await this.#backlogGate.wait();
    }
  }

  /** The state of devices, tasks and sinks, which is no record. */
  async #statusLane(): Promise<void> {
    while (!this.#outage) {
      const lines = this.#statuses.take();
      if (lines.length > 0) {
        const written = await this.#writer.write(lines, this.#abandon.signal);
        if ('outage' in written) {
          this.#statuses.putBack(lines);
          this.#endLanes(written.outage);
          return;
        }
        this.#leaveOut(written.refused);
        // More may have come meanwhile.
        continue;
      }
      if (this.#stop.signal.aborted) return;
      await this.#statusGate.wait();
    }
  }

  /** @returns whether there was any backlog */
  async #deliverOldest(): Promise<boolean> {
    const range = this.#backlog.take();
    if (!range) return false;
    const batch = await this.#read(range, BACKLOG_BATCH);
    if (!batch) {
      await sleep(this.#clock, UNREADABLE_PAUSE_MS, this.#stop.signal).catch(() => {});
      return !this.#stop.signal.aborted;
    }
    this.#addBehind({ after: batch.upTo, upTo: range.upTo });
    await this.#deliver(batch);
    return true;
  }

  /** @returns undefined where the journal cannot be read now; the range is backlog then */
  async #read(range: Range, most = LARGEST_BATCH): Promise<Batch | undefined> {
    try {
      const batch = await readBatch(this.#journal, this.#lines, range, most, this.#writer.largest);
      this.#unreadable = undefined;
      return batch;
    } catch (error) {
      const { message } = toError(error);
      if (message !== this.#unreadable) this.#parts.log.warn({ err: error }, `${this.name} cannot read on: ${message}`);
      this.#unreadable = message;
      this.#addBehind(range);
      return undefined;
    }
  }

  async #deliver(batch: Batch): Promise<void> {
    const { after, upTo, records, lines } = batch;
    if (lines.length > 0) {
      const written = await this.#writer.write(lines, this.#abandon.signal);
      if ('outage' in written) {
        this.#addBehind(batch);
        this.#endLanes(written.outage);
        return;
      }
      this.#leaveOut(written.refused);
    }
    this.#board.delivered += records;
    this.#journal.acknowledge(this.name, upTo, after);
  }

  /** What is live now is backlog from now on. */
  #putBehind(): void {
    const { head } = this.#journal;
    this.#addBehind({ after: this.#live, upTo: head });
    this.#live = head;
  }

  #addBehind(range: Range): void {
    this.#backlog.add(range);
    this.#backlogGate.open();
  }

  #endLanes(outage: Outage): void {
    this.#outage ??= outage;
    this.#wakeLanes();
  }

  #wakeLanes(): void {
    this.#wait.wake();
    this.#backlogGate.open();
    this.#statusGate.open();
  }

  async #appended(sequence: number, limitMs?: number): Promise<void> {
    if (!this.#outage && !this.#stop.signal.aborted) await this.#wait.until(sequence, limitMs);
  }

  #leaveOut(refused: readonly Refused[]): void {
    for (const { line, error } of refused) {
      this.#board.refuse(1, error.message, [line]);
      // The same complaint about another point is not worth another line.
      const complaint = error.message.replace(/'.*'|\d+/gs, '');
      if (this.#refusal === complaint) continue;
      this.#refusal = complaint;
      this.#parts.log.error({ point: line }, `${error.message}; such points are left out`);
    }
  }
}
