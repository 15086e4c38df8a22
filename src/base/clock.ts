import { abortError } from './errors.ts';

export interface Timer {
  cancel(): void;
}

/**
 * All time comes through a clock, so that tests can hold it. Waiting uses monotonic time only; wall time is for
 * timestamps.
 */
export interface Clock {
  /** Wall time in whole microseconds since the Unix epoch (exact in a double until the year 2255). */
  now(): number;
  /** Milliseconds of a clock that never steps. */
  monotonic(): number;
  /** Calls back once, never early, after any number of milliseconds (also more than the 2^31 of `setTimeout`). */
  setTimer(callback: () => void, milliseconds: number): Timer;
}

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
const STEP_US = 1_000_000;

/**
 * The clock of the machine. Wall time runs with the monotonic clock between looks at the system's clock, so that two
 * frames a few microseconds apart keep their distance; a deviation is slewed away, a step of more than 1 s is taken over.
 */
class SystemClock implements Clock {
  #offsetUs = Date.now() * 1000 - performance.now() * 1000;
  #nextLookMs = 0;

  now(): number {
    const monotonicMs = performance.now();
    if (monotonicMs >= this.#nextLookMs) this.#look(monotonicMs);
    return Math.round(monotonicMs * 1000 + this.#offsetUs);
  }

  #look(monotonicMs: number): void {
    this.#nextLookMs = monotonicMs + 1000;
    // Date.now() is cut to whole milliseconds: half a millisecond is its mean.
    const deviationUs = Date.now() * 1000 + 500 - (monotonicMs * 1000 + this.#offsetUs);
    if (Math.abs(deviationUs) > STEP_US) this.#offsetUs += deviationUs;
    else if (Math.abs(deviationUs) > 1000)
      this.#offsetUs += Math.sign(deviationUs) * Math.min(500, Math.abs(deviationUs) / 8);
  }

  monotonic(): number {
    return performance.now();
  }

  setTimer(callback: () => void, milliseconds: number): Timer {
    const due = performance.now() + Math.max(0, milliseconds);
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const rest = due - performance.now();
      // setTimeout may fire a fraction of a millisecond early, which would break "not before".
      if (rest <= 0) callback();
      else handle = setTimeout(arm, Math.min(Math.ceil(rest), LONGEST_TIMEOUT_MS));
    };
    handle = setTimeout(arm, Math.min(Math.ceil(Math.max(0, milliseconds)), LONGEST_TIMEOUT_MS));
    return { cancel: () => clearTimeout(handle) };
  }
}

export const systemClock: Clock = new SystemClock();

/** Resolves after a time; rejects at once when the signal is or becomes aborted. */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError('Waiting', signal));
    const onAbort = (): void => {
      timer.cancel();
      reject(abortError('Waiting', signal));
    };
    const timer = clock.setTimer(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** A clock that a test moves by hand. Timers due fire in order, and what they wake runs before the next one. */
export class FakeClock implements Clock {
  #monotonicMs = 0;
  #wallUs: number;
  #timers: { due: number; callback: () => void }[] = [];

  constructor(wallUs = 1_700_000_000_000_000) {
    this.#wallUs = wallUs;
  }

  now(): number {
    return Math.round(this.#wallUs + this.#monotonicMs * 1000);
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  /** Timers that have not fired or been cancelled. */
  get pending(): number {
    return this.#timers.length;
  }

  setTimer(callback: () => void, milliseconds: number): Timer {
    const timer = { due: this.#monotonicMs + Math.max(0, milliseconds), callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Steps the wall clock, as an administrator or NTP does; monotonic time goes on undisturbed. */
  stepWall(seconds: number): void {
    this.#wallUs += seconds * 1_000_000;
  }

  /** Lets time pass in which nothing else of the process runs, as a long computation does: no timer fires. */
  block(milliseconds: number): void {
    this.#monotonicMs += milliseconds;
  }

  /** Lets the given time pass. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#monotonicMs + milliseconds;
    await settle();
    for (;;) {
      const next = this.#earliest();
      if (!next || next.due > end) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#monotonicMs = Math.max(this.#monotonicMs, next.due);
      next.callback();
      await settle();
    }
    this.#monotonicMs = end;
  }

  /** Timers lie in the order in which they were set: the first of equally early ones fires first. */
  #earliest(): { due: number; callback: () => void } | undefined {
    let earliest = this.#timers[0];
    for (const timer of this.#timers) if (earliest && timer.due < earliest.due) earliest = timer;
    return earliest;
  }
}

/** Lets everything that is ready run: promises and what they wake, to the end. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
