import { expect, it } from 'vitest';
import { type Change, ChangeQueue } from '../../src/service/change-queue.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('what is merged stands where its newest value stood', async () => {
  const told: Change[] = [];
  const queue = new ChangeQueue(
    (change) => void told.push(change),
    () => {},
  );
  queue.push({ path: 'busy', value: 0 });
  queue.push({ path: 'calm', value: 0 });
  for (let value = 1; value <= 99_999; value++) queue.push({ path: 'busy', value });
  await settle();
  expect(told).toEqual([
    { path: 'calm', value: 0 },
    { path: 'busy', value: 99_999 },
  ]);
  expect(queue.coalesced).toBe(99_999);
});

it('holds one change of each path at most, also of more paths than its limit', async () => {
  let told = 0;
  const queue = new ChangeQueue(
    () => void told++,
    () => {},
  );
  for (let round = 0; round < 4; round++) {
    for (let path = 0; path < 120_000; path++) queue.push({ path: `list[${path}]`, value: round });
  }
  expect(480_000 - queue.coalesced).toBeLessThanOrEqual(240_000);
  while (told + queue.coalesced < 480_000) await settle();
  expect(told).toBeGreaterThanOrEqual(120_000);
});

it('tells a listener that itself causes changes every one of them, in order', async () => {
  const told: number[] = [];
  const queue = new ChangeQueue(
    (change) => {
      told.push(change.value as number);
      if ((change.value as number) < 50_000) queue.push({ path: 'a', value: (change.value as number) + 1 });
    },
    () => {},
  );
  queue.push({ path: 'a', value: 0 });
  while (told.length < 50_001) await settle();
  expect(told).toEqual(Array.from({ length: 50_001 }, (_, index) => index));
  expect(queue.coalesced).toBe(0);
});
