import { isMember, LabwireError, MEMBER, show } from '../base/index.ts';

/** Seconds, or anything with a numeric `.value`, such as a setting. */
export type Period = number | { readonly value: number };

export interface Tick {
  /** Ticks that were skipped before this one, because the body overran. */
  readonly missed: number;
}

export interface Ticks extends AsyncIterable<Tick> {
  /** Ticks skipped so far. */
  readonly missed: number;
}

/** The last tick as a point of its grid; milliseconds of monotonic time. Counting avoids the drift of adding up. */
export interface Grid {
  readonly anchor: number;
  readonly index: number;
  readonly period: number;
}

export const tickTime = (grid: Grid): number => grid.anchor + grid.index * grid.period;

/**
 * The tick after `last`. The same period goes on with the grid and skips what is past; a new one begins a grid at the
 * last tick plus the new period, or now.
 */
export function nextTick(last: Grid, period: number, now: number): { readonly grid: Grid; readonly missed: number } {
  if (period !== last.period) {
    return { grid: { anchor: Math.max(tickTime(last) + period, now), index: 0, period }, missed: 0 };
  }
  const due = last.index + 1;
  const index = Math.max(due, Math.ceil((now - last.anchor) / period));
  return { grid: { ...last, index }, missed: index - due };
}

/** What `every` needs of the run that it ticks in. */
export interface TickSurroundings {
  monotonic(): number;
  readonly signal: AbortSignal;
  /** Waits; `watch` may end the wait early. Rejects when the run is aborted. */
  pause(milliseconds: number, watch?: (resume: () => void) => () => void): Promise<void>;
  ticked(missed: number): void;
}

/** A period that cannot tell of its change is looked at this often (ms). */
const LOOK_MS = 100;

/** Ticks at once, and then on the grid of the period, which is read anew for each tick. */
export function ticks(period: Period, run: TickSurroundings): Ticks {
  let missed = 0;
  let last: Grid | undefined;

  const next = async (): Promise<IteratorResult<Tick, undefined>> => {
    let milliseconds = periodMs(period);
    if (!last) {
      run.signal.throwIfAborted();
      last = { anchor: run.monotonic(), index: 0, period: milliseconds };
      run.ticked(0);
      return { done: false, value: { missed: 0 } };
    }
    let upcoming = nextTick(last, milliseconds, run.monotonic());
    do {
      await pauseUntil(tickTime(upcoming.grid));
      const current = periodMs(period);
      if (current !== milliseconds) {
        milliseconds = current;
        upcoming = nextTick(last, milliseconds, run.monotonic());
      }
    } while (run.monotonic() < tickTime(upcoming.grid));
    last = upcoming.grid;
    missed += upcoming.missed;
    run.ticked(upcoming.missed);
    return { done: false, value: { missed: upcoming.missed } };
  };

  const pauseUntil = (due: number): Promise<void> => {
    const rest = Math.max(0, due - run.monotonic());
    if (typeof period === 'number') return run.pause(rest);
    if (isMember(period)) {
      const core = period[MEMBER];
      return run.pause(rest, (resume) => core.onChange(resume));
    }
    return run.pause(Math.min(rest, LOOK_MS));
  };

  return {
    [Symbol.asyncIterator]: () => ({ next }),
    get missed() {
      return missed;
    },
  };
}

function periodMs(period: Period): number {
  const seconds: unknown = typeof period === 'object' ? period?.value : period;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) {
    throw new LabwireError(
      'TASK_PERIOD',
      `The period of every() is a positive number of seconds, not ${show(seconds)}`,
    );
  }
  return seconds * 1000;
}
