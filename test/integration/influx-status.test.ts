import { afterEach, expect, test } from 'vitest';
import { influxSink, type Sink } from '../../src/sinks/index.ts';
import { realParts, sample, type TestParts, until } from '../sinks/parts.ts';
import { type Influx, startInflux } from './services.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function running(): Promise<{ server: Influx; parts: TestParts; sink: Sink }> {
  const server = await startInflux();
  ends.push(() => server.stop());
  const parts = realParts();
  const sink = influxSink({ name: 'influx', url: server.url, gateway: 'lab_a', database: 'lab' }, parts);
  ends.push(() => sink.stop(500));
  sink.start();
  return { server, parts, sink };
}

const task = (state: string): object => ({ state, result: 'success', restarts: 0, lastError: null });

async function states(server: Influx): Promise<unknown[]> {
  const rows = await server.query('SELECT state FROM labwire_tasks', 'lab').catch(() => []);
  return rows.map(({ state }) => state);
}

test('what became of a task while the database was away is there after its return, and at a stop all of it', async () => {
  const { server, parts, sink } = await running();
  const path = ['cryostat', 'tasks', 'acquire'];
  parts.state.set(path, task('active'));
  await until(async () => (await states(server)).length === 1);
  await server.kill('SIGKILL');
  parts.journal.append(sample({ t1: 1 }));
  await until(() => sink.status.retries > 0);
  for (const state of ['auto-restart', 'activating', 'active']) parts.state.set(path, task(state));
  await server.start();
  await until(async () => (await states(server)).length === 4);
  parts.state.set(path, task('inactive'));
  await sink.stop(60_000);
  expect(await states(server)).toEqual(['active', 'auto-restart', 'activating', 'active', 'inactive']);
  expect(sink.status).toMatchObject({ dropped: 0, delivered: 1 });
});
