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
  expect([...store.snapshot()].filter(({ value }) => value !== undefined)).toEqual([
    { path: ['oven2', 'status'], value: 'online' },
  ]);
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

it('remembers in its snapshot what is gone, for a broker that was away, until it is there again', () => {
  const { store } = watched();
  store.set(['oven', 'status'], 'online');
  store.set(['oven', 'status'], undefined);
  expect([...store.snapshot()]).toEqual([{ path: ['oven', 'status'], value: undefined }]);
  store.set(['oven', 'status'], 'offline');
  expect([...store.snapshot()]).toEqual([{ path: ['oven', 'status'], value: 'offline' }]);
});

it('remembers a bounded number of what is gone', () => {
  const { store } = watched();
  for (let device = 0; device < 1500; device++) {
    store.set([`oven${device}`, 'status'], 'online');
    store.set([`oven${device}`, 'status'], undefined);
  }
  const paths = [...store.snapshot()].map(({ path }) => path[0]);
  expect(paths).toHaveLength(1000);
  expect(paths.at(-1)).toBe('oven1499');
});
