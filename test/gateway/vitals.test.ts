import { expect, it } from 'vitest';
import { FakeClock } from '../../src/base/index.ts';
import { Gateway } from '../../src/gateway/index.ts';

it('a gateway shows by growing numbers that it goes on, and tells when it begins to stop', async () => {
  const clock = new FakeClock();
  const gateway = new Gateway({ server: { port: 0 } }, { drivers: {}, models: [], clock });
  expect(gateway.vitals).toMatchObject({ devices: 0, online: 0, rounds: 0 });
  const told: string[] = [];
  const run = gateway.run(
    () => told.push('started'),
    () => told.push('stopping'),
  );
  await expect.poll(() => told).toEqual(['started']);
  await clock.advance(30_000);
  const { rounds, journal } = gateway.vitals;
  expect(rounds).toBe(3);
  // The event of the start.
  expect(journal).toEqual({ state: 'ok', head: 1, committed: 1 });
  await clock.advance(10_000);
  expect(gateway.vitals.rounds).toBe(4);
  process.emit('SIGTERM', 'SIGTERM');
  await clock.advance(3000);
  expect(await run).toBe(0);
  expect(told).toEqual(['started', 'stopping']);
});
