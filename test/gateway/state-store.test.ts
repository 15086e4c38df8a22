import { expect, it } from 'vitest';
import { StateStore } from '../../src/gateway/state-store.ts';
import type { StateEntry } from '../../src/sinks/index.ts';

function watched(): { store: StateStore; heard: StateEntry[] } {
  const store = new StateStore();
  const heard: StateEntry[] = [];
  store.onChange((entry) => heard.push(entry));
  return { store, heard };
}

it('tells a change once, and the same value not again', () => {
  const { store, heard } = watched();
  store.set(['oven', 'status'], 'online');
  store.set(['oven', 'status'], 'online');
  store.set(['oven', 'info'], { channels: { t: { unit: '°C' } } });
  store.set(['oven', 'info'], { channels: { t: { unit: '°C' } } });
  store.set(['oven', 'status'], 'offline');
  expect(heard.map(({ value }) => value)).toEqual(['online', { channels: { t: { unit: '°C' } } }, 'offline']);
});

it('gives a snapshot of what is true now', () => {
  const { store } = watched();
  store.set(['info'], { version: '1' });
  store.set(['oven', 'status'], 'online');
  store.set(['oven', 'status'], 'offline');
  expect([...store.snapshot()]).toEqual([
    { path: ['info'], value: { version: '1' } },
    { path: ['oven', 'status'], value: 'offline' },
  ]);
});

it('removes all of a device, and nothing of one whose name begins alike', () => {
  const { store, heard } = watched();
  store.set(['oven', 'status'], 'online');
  store.set(['oven', 'tasks', 'acquire'], { state: 'active' });
  store.set(['oven2', 'status'], 'online');
  heard.length = 0;
  store.removeBelow(['oven']);
  expect([...store.snapshot()].map(({ path }) => path)).toEqual([['oven2', 'status']]);
  expect(heard).toEqual([
    { path: ['oven', 'status'], value: undefined },
    { path: ['oven', 'tasks', 'acquire'], value: undefined },
  ]);
});

it('ends the listening when asked to', () => {
  const store = new StateStore();
  const heard: StateEntry[] = [];
  const end = store.onChange((entry) => heard.push(entry));
  end();
  store.set(['info'], 1);
  expect(heard).toEqual([]);
});
