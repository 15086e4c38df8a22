import { renameSync, symlinkSync } from 'node:fs';
import type { Clock, Timer } from '../../src/base/index.ts';
import { type JournalParts, SqliteJournal, type SqliteJournalOptions } from '../../src/journal/index.ts';

const PATIENCE_MS = 60_000;
/** Of a query, and of a commit that is no alarm yet. */
const LIMIT_MS = 5000;
/** From here on a timer is a look now and then, or the end of what nobody needs any more. */
const IDLE_MS = 30_000;

/** Another clock, with more patience for what is limited to 5 s. */
class PatientClock implements Clock {
  readonly #clock: Clock;
  readonly #due = new Set<Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nothing is waited for. */
  get rests(): boolean {
    return this.#due.size === 0;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  setTimer(callback: () => void, milliseconds: number): Timer {
    if (milliseconds >= IDLE_MS) return this.#clock.setTimer(callback, milliseconds);
    const fire = (): void => {
      this.#due.delete(entry);
      callback();
    };
    const timer = this.#clock.setTimer(fire, milliseconds === LIMIT_MS ? PATIENCE_MS : milliseconds);
    const entry: Timer = {
      cancel: () => {
        this.#due.delete(entry);
        timer.cancel();
      },
    };
    this.#due.add(entry);
    return entry;
  }
}

/** The journal on disk, for tests of other things than its limits: a machine with much to do starts a thread in seconds. */
export class PatientJournal extends SqliteJournal {
  readonly #clock: PatientClock;

  constructor(options: SqliteJournalOptions, { clock, ...parts }: JournalParts) {
    const patient = new PatientClock(clock);
    super({ openLimit: PATIENCE_MS, ...options }, { ...parts, clock: patient });
    this.#clock = patient;
  }

  /** It has done all that it does of itself after a commit: none is due, and none is under way. */
  get rests(): boolean {
    return this.#clock.rests;
  }

  override close(limitMs = PATIENCE_MS): Promise<void> {
    return super.close(limitMs);
  }
}

/** Puts a folder in the place of a file, at once: a journal that waits for it looks at any time. */
export function mount(folder: string, file: string): void {
  symlinkSync(folder, `${file}.new`);
  renameSync(`${file}.new`, file);
}
