import { type Clock, geometricDelay, type Logger, sleep } from '../../base/index.ts';
import type { StatusBoard } from '../sink-status.ts';
import { Trouble } from '../trouble.ts';
import type { InfluxServer } from './influx-server.ts';
import type { Outage } from './point-writer.ts';

export interface RecoveryParts {
  readonly server: InfluxServer;
  /** The server's, as it may be shown. */
  readonly address: string;
  /** Whether a missing database is made. */
  readonly create: boolean;
  /** How long it was asked to keep its points, s. */
  readonly retention: number | undefined;
  readonly board: StatusBoard;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
const DELAY_STEPS = 6;
const JITTER = 0.25;
const DENIED_PAUSE_MS = 30_000;

/** What is done, and said, about a server that takes nothing. */
export class Recovery {
  readonly #parts: RecoveryParts;
  readonly #trouble: Trouble;
  #failures = 0;
  /** The database was made since the server last took anything. */
  #made = false;
  #retentionChecked = false;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
    this.#trouble = new Trouble(parts.log);
  }

  /** The server takes points. @param abandon ends what is asked of it beside */
  over(abandon: AbortSignal): void {
    this.#failures = 0;
    this.#made = false;
    this.#trouble.over(`Writing to InfluxDB at ${this.#parts.address}`);
    this.#parts.board.healthy();
    if (!this.#retentionChecked) void this.#checkRetention(abandon);
    this.#retentionChecked = true;
  }

  /** What a database has that somebody made before is not ours to change: data could be lost. */
  async #checkRetention(signal: AbortSignal): Promise<void> {
    const { retention, server, log, address } = this.#parts;
    if (retention === undefined) return;
    const found = await server.retention(signal);
    if (found === undefined || found === Math.round(retention)) return;
    const kept = found === 0 ? 'for ever' : `for ${found} s`;
    log.warn(`The database at ${address} keeps its points ${kept}, not for ${retention} s; alter its policy by hand`);
  }

  /**
   * Waits until it is worth trying again.
   *
   * @param stop ends a pause: one more attempt is to be made then
   * @param abandon ends everything
   * @returns false where there is to be no further attempt
   */
  async after(outage: Outage, stop: AbortSignal, abandon: AbortSignal): Promise<boolean> {
    if (outage.kind === 'missing' && (await this.#make(abandon))) return !abandon.aborted;
    if (stop.aborted) return false;
    this.#trouble.report(outage.error);
    this.#parts.board.retry(outage.error.message);
    await sleep(this.#parts.clock, this.#pause(outage), stop).catch(() => {});
    return !abandon.aborted;
  }

  async #make(signal: AbortSignal): Promise<boolean> {
    // Made, and missing all the same: then it is not a matter of making it.
    if (!this.#parts.create || this.#made) return false;
    const { kind } = await this.#parts.server.createDatabase(signal);
    this.#made = kind === 'done';
    return this.#made;
  }

  #pause(outage: Outage): number {
    const delay = geometricDelay(++this.#failures, FIRST_DELAY_MS, LONGEST_DELAY_MS, DELAY_STEPS);
    if (outage.kind === 'denied') return DENIED_PAUSE_MS;
    if (outage.kind === 'away' && outage.afterMs !== undefined) return outage.afterMs;
    return delay * (1 + JITTER * this.#parts.random());
  }
}
