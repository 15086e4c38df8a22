import type { Clock, Logger, Timer } from '../../base/index.ts';
import type { StateEntry, StateSource } from '../sink.ts';
import { statusLine } from './status-line.ts';

export interface StatusParts {
  /** Id of the gateway. */
  readonly gateway: string;
  readonly state: StateSource;
  readonly clock: Clock;
  readonly log: Logger;
}

/** From one point of a sink to the next. */
const SINKS_MS = 10_000;
/** In so many of these, devices and tasks have one more point too, changed or not. */
const DEVICES_EVERY = 6;
/** Changes that come together are written together. */
const GATHER_MS = 500;
/** About an hour of a gateway with 64 devices whose database is away. */
const MOST_LINES = 10_000;

/**
 * The gateway's state as points: each change of a device's or a task's state, and now and then how all of it stands. It is no
 * record: the journal does not have it. What comes while the database is away waits here, and of too much the oldest goes.
 */
export class StatusPoints {
  readonly #parts: StatusParts;
  /** Called when there is something to take. */
  readonly #onDue: () => void;
  /** What each entry was when it was last written, by its path. */
  readonly #told = new Map<string, string>();
  #lines: string[] = [];
  #discarded = 0;
  #beats = 0;
  #beat: Timer | undefined;
  #due: Timer | undefined;
  #forget: (() => void) | undefined;
  #lastTime = 0;
  #sameTime = 0;

  constructor(parts: StatusParts, onDue: () => void) {
    this.#parts = parts;
    this.#onDue = onDue;
  }

  start(): void {
    this.#forget = this.#parts.state.onChange((entry) => this.#changed(entry));
    this.#tellAll();
    this.#scheduleBeat();
  }

  stop(): void {
    this.#forget?.();
    this.#beat?.cancel();
    this.#due?.cancel();
  }

  /** Takes all lines of line protocol that wait, oldest first. */
  take(): string[] {
    if (this.#discarded > 0) {
      const text = `${this.#discarded} points of the state of devices, tasks and sinks were discarded while the database was away`;
      this.#parts.log.warn(text);
    }
    this.#discarded = 0;
    return this.#lines.splice(0);
  }

  /** They were not written. */
  putBack(lines: readonly string[]): void {
    this.#lines = [...lines, ...this.#lines];
    this.#limit();
  }

  #scheduleBeat(): void {
    this.#beat = this.#parts.clock.setTimer(() => {
      this.#beats++;
      this.#tellAll();
      this.#scheduleBeat();
    }, SINKS_MS);
  }

  #tellAll(): void {
    const all = this.#beats % DEVICES_EVERY === 0;
    for (const entry of this.#parts.state.snapshot()) if (all || entry.path[0] === 'sinks') this.#tell(entry);
  }

  #changed(entry: StateEntry): void {
    const key = entry.path.join('/');
    if (entry.value === undefined) this.#told.delete(key);
    // Counts change all the time: those wait for the next round.
    else if (this.#told.get(key) !== stateOf(entry)) this.#tell(entry);
  }

  #tell(entry: StateEntry): void {
    const { gateway, state } = this.#parts;
    const line = statusLine(entry, gateway, state);
    if (line === undefined) return;
    this.#told.set(entry.path.join('/'), stateOf(entry));
    this.#lines.push(`${line} ${this.#time()}`);
    this.#limit();
    this.#due ??= this.#parts.clock.setTimer(() => {
      this.#due = undefined;
      this.#onDue();
    }, GATHER_MS);
  }

  /** Wall time in ns. Several states may come in one µs, and points of equal tags and time are one point. */
  #time(): string {
    const now = this.#parts.clock.now();
    this.#sameTime = now === this.#lastTime ? this.#sameTime + 1 : 0;
    this.#lastTime = now;
    return `${now}${String(this.#sameTime % 1000).padStart(3, '0')}`;
  }

  #limit(): void {
    const over = this.#lines.length - MOST_LINES;
    if (over <= 0) return;
    this.#lines.splice(0, over);
    this.#discarded += over;
  }
}

/** What of an entry is worth a point at once. */
function stateOf({ value }: StateEntry): string {
  if (typeof value !== 'object' || value === null) return '';
  const { state, connected } = value as { state?: unknown; connected?: unknown };
  return String(state ?? connected);
}
