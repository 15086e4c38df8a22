import { describe, expect, test } from 'vitest';
import type { SinkStatus } from '../../../src/sinks/index.ts';
import { StatusPoints } from '../../../src/sinks/influx/status-points.ts';
import { fakeParts, type TestParts } from '../parts.ts';

const sink: SinkStatus = {
  ...{ connected: true, lag: 3, lagSeconds: 0.25, rate: 8.1, delivered: 12, retries: 1, dropped: 2 },
  ...{ deadLetters: { count: 1, last: [] }, lastError: 'it said "no"' },
};
const health = {
  state: 'online',
  code: null,
  message: null,
  lastSample: '2026-11-24T03:40:00.5Z',
  dropped: { a: 1, b: 2 },
};
const task = { state: 'active', result: 'success', restarts: 0, lastError: null };

function points(parts: TestParts & { clock: { advance(ms: number): unknown } }) {
  let due = 0;
  const { state, clock, log } = parts;
  const statuses = new StatusPoints({ gateway: 'lab_a', state, clock, log }, () => void due++);
  return { statuses, due: () => due };
}

/** Lines without their times. */
const untimed = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/ \d+$/, ''));

describe('the points of the state of devices, tasks and sinks', () => {
  test('tell at the start how all of it stands, and nothing of what is no state of these', () => {
    const parts = fakeParts();
    parts.state.set(['cryostat', 'health'], health);
    parts.state.set(['cryostat', 'tasks', 'acquire'], task);
    parts.state.set(['sinks', 'influx'], sink);
    parts.state.set(['cryostat', 'status'], 'online');
    parts.state.set(['cryostat', 'settings', 'interval'], { value: 1, unit: 's' });
    parts.state.set(['info'], { version: '1' });
    parts.state.set(['gone', 'health'], undefined);
    parts.state.set(['cryostat', 'nothing'], null);
    const { statuses } = points(parts);
    statuses.start();
    expect(untimed(statuses.take())).toEqual([
      'labwire_devices,device=cryostat,gateway=lab_a,measurement=lakeshore_218,model=lakeshore-218 state="online",dropped=3i,last_sample=1795491600500i',
      'labwire_tasks,device=cryostat,gateway=lab_a,task=acquire state="active",result="success",restarts=0i',
      'labwire_sinks,gateway=lab_a,sink=influx connected=true,lag=3i,lag_seconds=0.25,rate=8.1,delivered=12i,retries=1i,dropped=2i,refused=1i,message="it said \\"no\\""',
    ]);
    statuses.stop();
  });

  test('tell a change of state at once and in order, and a change of counts in the next round', async () => {
    const parts = fakeParts();
    const { statuses, due } = points(parts);
    statuses.start();
    const path = ['cryostat', 'tasks', 'acquire'];
    for (const state of ['inactive', 'activating', 'active', 'active']) parts.state.set(path, { ...task, state });
    parts.state.set(path, { ...task, restarts: 7 });
    expect(due()).toBe(0);
    await parts.clock.advance(500);
    expect(due()).toBe(1);
    const lines = statuses.take();
    expect(lines.map((line) => /state="(\w+)"/.exec(line)?.[1])).toEqual(['inactive', 'activating', 'active']);
    expect(new Set(lines.map((line) => line.split(' ').at(-1))).size).toBe(3);
    await parts.clock.advance(60_000);
    expect(untimed(statuses.take())).toEqual([expect.stringContaining('restarts=7i')]);
    statuses.stop();
  });

  test('of sinks come each 10 s, of devices and tasks each minute', async () => {
    const parts = fakeParts();
    parts.state.set(['cryostat', 'health'], health);
    parts.state.set(['sinks', 'influx'], sink);
    const { statuses } = points(parts);
    statuses.start();
    await parts.clock.advance(120_000);
    const names = statuses.take().map((line) => line.split(',')[0]);
    expect(names.filter((name) => name === 'labwire_sinks')).toHaveLength(13);
    expect(names.filter((name) => name === 'labwire_devices')).toHaveLength(3);
    statuses.stop();
    await parts.clock.advance(120_000);
    expect(statuses.take()).toEqual([]);
  });

  test('wait while the database is away, and of too many the oldest go, which is told', () => {
    const parts = fakeParts();
    const { statuses } = points(parts);
    statuses.start();
    for (let i = 0; i < 10_001; i++) parts.state.set(['d', 'tasks', 't'], { ...task, state: `s${i}` });
    expect(parts.log.lines).toEqual([]);
    const first = statuses.take();
    expect(first).toHaveLength(10_000);
    expect(first[0]).toContain('"s1"');
    expect(parts.log.lines).toEqual([expect.stringMatching(/^warn 1 points .* discarded/)]);
    parts.state.set(['d', 'tasks', 't'], { ...task, state: 'last' });
    statuses.putBack(first);
    const again = statuses.take();
    expect(again[0]).toContain('"s2"');
    expect(again.at(-1)).toContain('"last"');
    statuses.stop();
  });
});
