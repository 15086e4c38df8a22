import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { FakeClock, silentLogger } from '../../src/base/index.ts';
import { task, taskControl } from '../../src/task/index.ts';

it('T24 1,000 tasks leave nothing behind after 100,000 restarts', async () => {
  const clock = new FakeClock();
  const host = { clock, random: () => 0, log: silentLogger };
  let listeners = 0;
  const signals: WeakRef<AbortSignal>[] = [];
  const tasks = Array.from({ length: 1000 }, (_, index) => {
    const one = task({ restartSec: 1, startLimitIntervalSec: 5, startLimitBurst: 10 }, async ({ signal, every }) => {
      if (index === 0) signals.push(new WeakRef(signal));
      const onAbort = (): void => {
        listeners--;
      };
      signal.addEventListener('abort', onAbort, { once: true });
      listeners++;
      for await (const _ of every(10)) throw new Error('no answer');
    });
    taskControl(one).bind(`list[${index}]`, host);
    return one;
  });
  for (const one of tasks) one.start();
  await clock.advance(10_000);
  const before = memory();
  await clock.advance(90_500);
  expect(tasks.reduce((sum, one) => sum + one.restarts, 0)).toBe(101_000);
  // One timer for each waiting task, and every run's signal was aborted at its end.
  expect([clock.pending, listeners]).toEqual([1000, 0]);
  expect(memory() - before).toBeLessThan(1_000_000);
  expect(signals.length).toBeGreaterThan(100);
  expect(signals.filter((signal) => signal.deref()).length).toBeLessThan(5);

  await Promise.all(tasks.map((one) => one.stop()));
  expect(clock.pending).toBe(0);
}, 180_000);

function memory(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
