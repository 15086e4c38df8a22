import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/base/index.ts';
import { type ClockStep, ClockSteps } from '../../src/gateway/clock-steps.ts';

async function watched(): Promise<{ clock: FakeClock; steps: ClockStep[]; watch: ClockSteps }> {
  const clock = new FakeClock();
  const steps: ClockStep[] = [];
  const watch = new ClockSteps(clock, (step) => steps.push(step));
  watch.start();
  await clock.advance(5000);
  return { clock, steps, watch };
}

describe('a step of the wall clock', () => {
  it.each([3600, -3600, 1.5, -1.5])(
    'of %d s is told once, with what the clock shows and would have shown',
    async (seconds) => {
      const { clock, steps } = await watched();
      clock.stepWall(seconds);
      await clock.advance(1000);
      const to = clock.now();
      await clock.advance(10_000);
      expect(steps).toEqual([{ from: to - seconds * 1_000_000, to }]);
    },
  );

  it('of a second or less is none, and neither is a process that was busy for long', async () => {
    const { clock, steps } = await watched();
    clock.stepWall(1);
    clock.block(60_000);
    await clock.advance(5000);
    expect(steps).toEqual([]);
  });

  it('is not looked for after the end', async () => {
    const { clock, steps, watch } = await watched();
    watch.stop();
    clock.stepWall(10);
    await clock.advance(5000);
    expect({ steps, pending: clock.pending }).toEqual({ steps: [], pending: 0 });
  });
});
