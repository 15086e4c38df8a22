import { type Clock, geometricDelay, maskSecrets, sleep } from '../../base/index.ts';
import type { Journal } from '../../journal/index.ts';
import type { Sink, SinkParts, SinkStatus } from '../sink.ts';
import { StatusBoard } from '../sink-status.ts';
import { Trouble } from '../trouble.ts';
import { within } from '../within.ts';
import { type Answer, InfluxServer } from './influx-server.ts';
import { LineProtocol } from './line-protocol.ts';

/** InfluxDB 1: `database`, `username`, `password`; 2 and 3, by their 1.x endpoint: `token`, `bucket`, `org`. */
export interface InfluxSinkOptions {
  /** Name of the sink and of its offset in the journal. */
  readonly name: string;
  /** `http://host:8086`. */
  readonly url: string;
  /** Id of the gateway, for what is said of no device. */
  readonly gateway: string;
  /** Default: the bucket, else `labwire`. Made if it is missing and the user may. */
  readonly database?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly org?: string | undefined;
  readonly bucket?: string | undefined;
}

const LARGEST_BATCH = 5000;
/** From one write to the next, unless a whole batch waits. */
const PACE_MS = 1000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
const DELAY_STEPS = 6;
const JITTER = 0.25;
const DENIED_PAUSE_MS = 30_000;
/** Of the time for a stop: what may go into writing the rest, before a request under way is abandoned. */
const DRAIN_SHARE = 0.9;

/** Writes what is behind its offset in batches, each until the server has it. */
export function influxSink(options: InfluxSinkOptions, parts: SinkParts): Sink {
  return new InfluxSink(options, parts);
}

class InfluxSink implements Sink {
  readonly name: string;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #parts: SinkParts;
  readonly #board: StatusBoard;
  readonly #trouble: Trouble;
  readonly #server: InfluxServer;
  readonly #lines: LineProtocol;
  readonly #address: string;
  /** Ends requests and pauses. */
  readonly #abandon = new AbortController();
  /** Ends pauses alone: the rest is still written. */
  readonly #stop = new AbortController();
  #batch = LARGEST_BATCH;
  #failures = 0;
  #refusal: string | undefined;
  /** The sequence at which the loop wants to be woken. */
  #wakeAt = Number.POSITIVE_INFINITY;
  #wake: () => void = () => {};
  #running: Promise<void> = Promise.resolve();
  #unsubscribe: () => void = () => {};

  constructor(options: InfluxSinkOptions, parts: SinkParts) {
    this.name = options.name;
    this.#parts = parts;
    this.#journal = parts.journal;
    this.#clock = parts.clock;
    this.#random = parts.random ?? Math.random;
    this.#board = new StatusBoard(options.name, parts.journal, parts.clock);
    this.#trouble = new Trouble(parts.log);
    const database = options.database ?? options.bucket ?? 'labwire';
    this.#server = new InfluxServer({ ...options, database }, parts.clock);
    this.#lines = new LineProtocol(options.gateway);
    this.#address = maskSecrets(options.url);
  }

  start(): void {
    this.#journal.offset(this.name);
    this.#unsubscribe = this.#journal.onAppend(() => {
      if (this.#journal.head >= this.#wakeAt) this.#wake();
    });
    this.#running = this.#run();
  }

  async stop(limitMs: number): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await within(this.#clock, limitMs * DRAIN_SHARE, this.#running);
    this.#abandon.abort();
    await this.#running;
    this.#unsubscribe();
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
    for (;;) {
      const offset = this.#journal.delivered(this.name);
      await this.#appended(offset + 1);
      await this.#appended(offset + this.#batch, nextWrite - this.#clock.monotonic());
      if (this.#journal.head === offset) return;
      nextWrite = this.#clock.monotonic() + PACE_MS;
      if (!(await this.#writeBatch(offset))) return;
    }
  }

  /** Waits until the journal has a sequence, or the time has passed, or the sink is stopped. */
  #appended(sequence: number, limitMs = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#journal.head >= sequence || limitMs <= 0 || this.#stop.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = limitMs < Number.POSITIVE_INFINITY && this.#clock.setTimer(() => this.#wake(), limitMs);
      this.#wakeAt = sequence;
      this.#wake = () => {
        this.#wakeAt = Number.POSITIVE_INFINITY;
        this.#wake = () => {};
        if (timer) timer.cancel();
        resolve();
      };
    });
  }

  /** @returns whether the server has it; if not, the sink is to end */
  async #writeBatch(offset: number): Promise<boolean> {
    const records = await this.#journal.read(offset, this.#batch);
    const last = records.at(-1);
    if (!last) return false;
    const lines: string[] = [];
    for (const record of records) this.#lines.write(record, lines);
    if (lines.length > 0 && !(await this.#write(lines))) return false;
    this.#board.delivered += records.length;
    this.#journal.acknowledge(this.name, last.sequence);
    return true;
  }

  /**
   * Brings lines to the server, however long it takes; those that it refuses are found by halving, and left out. Writing
   * a point twice does no harm: it overwrites itself.
   *
   * @returns false when the sink was stopped before
   */
  async #write(lines: readonly string[]): Promise<boolean> {
    for (;;) {
      const answer = await this.#server.write(lines, this.#abandon.signal);
      if (answer.kind === 'done') {
        this.#succeeded();
        return true;
      }
      if (answer.kind === 'too-large') this.#batch = Math.max(1, Math.min(this.#batch, lines.length >> 1));
      if (answer.kind === 'refused' || answer.kind === 'too-large') {
        if (lines.length === 1 || (answer.kind === 'refused' && answer.all)) {
          this.#leaveOut(lines, answer.error.message);
          return true;
        }
        const middle = lines.length >> 1;
        return (await this.#write(lines.slice(0, middle))) && (await this.#write(lines.slice(middle)));
      }
      if (!(await this.#recover(answer))) return false;
    }
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#trouble.over(`Writing to InfluxDB at ${this.#address}`);
    this.#board.healthy();
  }

  #leaveOut(lines: readonly string[], error: string): void {
    this.#board.refuse(lines.length, error);
    // The same complaint about another point is not worth another line.
    const complaint = error.replace(/'.*'|\d+/gs, '');
    if (this.#refusal === complaint) return;
    this.#refusal = complaint;
    this.#parts.log.error({ lines: lines.slice(0, 3) }, `${error}; points left out: ${lines.length}`);
  }

  /** Waits until it is worth trying again. */
  async #recover(answer: Exclude<Answer, { kind: 'done' | 'refused' | 'too-large' }>): Promise<boolean> {
    if (answer.kind === 'missing') {
      const made = await this.#server.createDatabase(this.#abandon.signal);
      if (made.kind === 'done' && this.#failures++ === 0) return !this.#abandon.signal.aborted;
    }
    if (this.#stop.signal.aborted) return false;
    this.#trouble.report(answer.error);
    this.#board.retry(answer.error.message);
    const delay = geometricDelay(++this.#failures, FIRST_DELAY_MS, LONGEST_DELAY_MS, DELAY_STEPS);
    const jittered = delay * (1 + JITTER * this.#random());
    const pause =
      answer.kind === 'denied' ? DENIED_PAUSE_MS : answer.kind === 'away' ? (answer.afterMs ?? jittered) : jittered;
    // Stopped in a pause: one more attempt, then the end.
    await sleep(this.#clock, pause, this.#stop.signal).catch(() => {});
    return !this.#abandon.signal.aborted;
  }
}
