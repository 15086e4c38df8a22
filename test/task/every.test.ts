import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Listeners, MEMBER, type MemberCore } from '../../src/base/index.ts';
import { nextTick, tickTime } from '../../src/task/every.ts';
import { onBench } from './bench.ts';

/** Something that tells of its change, as a setting does. */
function tellingPeriod(initial: number) {
  const listeners = new Listeners<[string, unknown]>();
  let value = initial;
  return {
    [MEMBER]: { onChange: (listener) => listeners.add(listener) } as Partial<MemberCore> as MemberCore,
    get value() {
      return value;
    },
    set value(next: number) {
      value = next;
      listeners.tell('', next);
    },
  };
}

/** A task that notes the times of its ticks in seconds; each tick works for as long as `work` says. */
function ticking(period: number | { value: number }, work: (tick: number) => number = () => 0) {
  const times: number[] = [];
  const missed: number[] = [];
  const bench = onBench({ restartSec: 1e6 }, async ({ every, sleep }) => {
    for await (const tick of every(period)) {
      times.push(bench.clock.monotonic() / 1000);
      missed.push(tick.missed);
      await sleep(work(times.length - 1));
    }
  });
  bench.task.start();
  return { ...bench, times, missed };
}

describe('every', () => {
  it('ticks at once and then on the grid, however long the body works', async () => {
    const { clock, times, missed } = ticking(1, (tick) => (tick % 3) * 0.3);
    await clock.advance(6000);
    expect(times).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(missed).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it('skips what a body overran, counts it, and goes on at the next point of the grid', async () => {
    const { clock, times, missed, control } = ticking(1, (tick) => (tick === 1 ? 2.5 : 0));
    await clock.advance(6000);
    expect(times).toEqual([0, 1, 4, 5, 6]);
    expect(missed).toEqual([0, 0, 2, 0, 0]);
    expect(control.missedTicks).toBe(2);
  });

  it('ticks at a point of the grid that the body ends at', async () => {
    const { clock, times } = ticking(1, (tick) => (tick === 0 ? 2 : 0));
    await clock.advance(4000);
    expect(times).toEqual([0, 2, 3, 4]);
  });

  it('does not drift', async () => {
    const { clock, times } = ticking(0.1);
    await clock.advance(1_000_000);
    expect(times).toHaveLength(10_001);
    expect(times.at(-1)).toBeCloseTo(1000, 6);
  });

  it('takes a shorter period at once, from the last tick', async () => {
    const period = tellingPeriod(100);
    const { clock, times } = ticking(period);
    await clock.advance(500);
    period.value = 2;
    await clock.advance(5600);
    expect(times).toEqual([0, 2, 4, 6]);
  });

  it('ticks now when the new period is already over', async () => {
    const period = tellingPeriod(100);
    const { clock, times } = ticking(period);
    await clock.advance(7500);
    period.value = 2;
    await clock.advance(4500);
    expect(times).toEqual([0, 7.5, 9.5, 11.5]);
  });

  it('takes a longer period at once, from the last tick', async () => {
    const period = tellingPeriod(1);
    const { clock, times } = ticking(period);
    await clock.advance(2500);
    period.value = 10;
    await clock.advance(20_000);
    expect(times).toEqual([0, 1, 2, 12, 22]);
  });

  it('notices a new value of something that does not tell', async () => {
    const period = { value: 100 };
    const { clock, times } = ticking(period);
    await clock.advance(500);
    period.value = 1;
    await clock.advance(1500);
    expect(times).toEqual([0, 1, 2]);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1', null, undefined, {}])(
    'takes the period %s for an error of the run',
    async (period) => {
      const { clock, task, times } = ticking(period as never);
      await clock.advance(10);
      expect([task.state, times.length]).toEqual(['auto-restart', 0]);
      expect(task.lastError?.message).toContain('TASK_PERIOD');
    },
  );

  it('a period that becomes invalid while it waits is an error of the run', async () => {
    const period = tellingPeriod(10);
    const { clock, task } = ticking(period);
    await clock.advance(10);
    period.value = 0;
    await clock.advance(0);
    expect(task.lastError?.message).toContain('TASK_PERIOD');
  });

  it('never lies before now, never goes back, and stays on the grid', () => {
    const times = fc.record({
      period: fc.double({ min: 0.001, max: 1e6, noNaN: true }),
      anchor: fc.double({ min: 0, max: 1e9, noNaN: true }),
      index: fc.integer({ min: 0, max: 1e6 }),
      later: fc.double({ min: 0, max: 1e7, noNaN: true }),
    });
    fc.assert(
      fc.property(times, ({ period, anchor, index, later }) => {
        const last = { anchor, index, period };
        const now = tickTime(last) + later;
        const next = nextTick(last, period, now);
        expect(next.grid.index).toBe(index + 1 + next.missed);
        expect(tickTime(next.grid)).toBeGreaterThanOrEqual(Math.max(now, tickTime(last)) - 1e-6 * (1 + now / 1e6));
        expect(tickTime(next.grid)).toBeLessThanOrEqual(now + period * 1.000001 + 1e-6 * (1 + now / 1e6));
      }),
    );
  });
});

it('sleep refuses what is no time', async () => {
  for (const seconds of [-1, Number.NaN, Number.POSITIVE_INFINITY, '1']) {
    const { task, clock } = onBench({}, ({ sleep }) => sleep(seconds as number));
    task.start();
    await clock.advance(10);
    expect(task.lastError?.message).toContain('TASK_PERIOD');
  }
});

it('a wait that nobody awaits does not end the process when it is aborted', async () => {
  const { task, clock } = onBench({}, async ({ sleep }) => {
    void sleep(1000);
    await sleep(1);
  });
  task.start();
  await clock.advance(2000);
  expect([task.state, clock.pending]).toEqual(['inactive', 0]);
});
