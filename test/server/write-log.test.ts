import { expect, it } from 'vitest';
import { FakeClock } from '../../src/base/index.ts';
import { WriteLog } from '../../src/server/write-log.ts';
import { memoryLogger } from '../task/bench.ts';

it('logs a flood of writes in numbers, and what follows it one by one again', async () => {
  const log = memoryLogger();
  const clock = new FakeClock();
  const writes = new WriteLog(log, clock);
  const note = (path: string): void =>
    writes.note({ by: { name: 'anna', via: 'http' }, path, what: 'set', from: 1, to: 2, outcome: 'done' });
  for (let i = 0; i < 2_000; i++) note('gain');
  expect(log.lines.splice(0)).toHaveLength(500);
  await clock.advance(10_000);
  expect(log.lines.splice(0)).toMatchObject([
    { level: 'warn', message: '1500 writes were too many to be logged one by one' },
  ]);
  note('offset');
  expect(log.lines.splice(0)).toMatchObject([{ level: 'info', message: 'set offset', details: { from: 1, to: 2 } }]);
  for (let i = 0; i < 501; i++) note('gain');
  writes.flush();
  expect(log.lines.at(-1)).toMatchObject({ level: 'warn' });
  expect(clock.pending).toBe(0);
});
