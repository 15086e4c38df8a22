import { expect, test } from 'vitest';
import { FakeClock, silentLogger } from '../../src/base/index.ts';
import { GatewayEvents } from '../../src/gateway/gateway-events.ts';
import { MemoryJournal } from '../../src/journal/index.ts';

test('an event has no secrets of addresses in it', async () => {
  const journal = new MemoryJournal();
  const events = new GatewayEvents({ journal, clock: new FakeClock(), log: silentLogger });
  const text = 'mqtt://anna:pw@host is away; the next run begins in 1 s';
  events.ofTask('oven.acquire', { severity: 'warning', code: 'TASK_FAILURE', title: 'Task failed', text });
  const { events: kept } = await journal.events({ from: 0, to: Number.MAX_SAFE_INTEGER, limit: 10 });
  expect(kept).toMatchObject([{ device: 'oven', text: 'mqtt://***@host is away; the next run begins in 1 s' }]);
});
