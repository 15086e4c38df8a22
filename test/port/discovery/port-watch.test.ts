import { lutimesSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BindingInterface } from '@serialport/bindings-cpp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UsbTree } from '../../../mocks/index.ts';
import { FakeClock } from '../../../src/base/index.ts';
import { watchedFolders } from '../../../src/port/discovery/folder-watch.ts';
import { watchSeenPorts } from '../../../src/port/discovery/port-watch.ts';
import { type PortInfo, watchPorts } from '../../../src/port/index.ts';
import { eventually } from '../eventually.ts';

let root: string;
let tree: UsbTree;
const ends: (() => void)[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'labwire-port-watch-'));
  tree = UsbTree.open(root);
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
  rmSync(root, { recursive: true });
  expect(watchedFolders()).toBe(0);
});

interface Told {
  there: string[];
  appeared: string[];
  vanished: string[];
  ports: readonly PortInfo[];
}

const paths = (ports: readonly PortInfo[]): string[] => ports.map(({ path }) => path);

/** Watches, and waits for what is told first. */
async function watching(options: { clock?: FakeClock } = {}): Promise<Told[]> {
  const told: Told[] = [];
  const end = watchPorts(
    (ports, { appeared, vanished }) =>
      told.push({ there: paths(ports), appeared: paths(appeared), vanished: paths(vanished), ports }),
    { root, platform: 'linux', ...options },
  );
  ends.push(end);
  await eventually(() => told.length > 0, 'the first telling');
  return told;
}

describe('watchPorts', () => {
  it('tells first all that is there, even if that is nothing', async () => {
    expect(await watching()).toMatchObject([{ there: [], appeared: [], vanished: [] }]);
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0' });
    expect(await watching()).toMatchObject([{ there: ['/dev/ttyUSB0'], appeared: ['/dev/ttyUSB0'], vanished: [] }]);
  });

  it('tells what appears and what vanishes', async () => {
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0' });
    const told = await watching();
    tree.plug({ adapter: 'ch340', location: '1-2', tty: 'ttyUSB1' });
    await eventually(() => told.length === 2, 'the appearing');
    expect(told[1]).toMatchObject({
      there: ['/dev/ttyUSB0', '/dev/ttyUSB1'],
      appeared: ['/dev/ttyUSB1'],
      vanished: [],
    });
    tree.unplug('1-1');
    await eventually(() => told.length === 3, 'the vanishing');
    expect(told[2]).toMatchObject({ there: ['/dev/ttyUSB1'], appeared: [], vanished: ['/dev/ttyUSB0'] });
  });

  it('tells of a whole hub at once', async () => {
    const told = await watching();
    tree.plug({ adapter: 'ch340', location: '1-1.1', tty: 'ttyUSB0' });
    tree.plug({ adapter: 'ch340', location: '1-1.2', tty: 'ttyUSB1' });
    await eventually(() => told.length === 2, 'the appearing');
    tree.unplug('1-1');
    await eventually(() => told.length === 3, 'the vanishing');
    expect(told.slice(1)).toMatchObject([
      { appeared: ['/dev/ttyUSB0', '/dev/ttyUSB1'] },
      { there: [], vanished: ['/dev/ttyUSB0', '/dev/ttyUSB1'] },
    ]);
  });

  it('tells of an adapter that was pulled and put in again at once, under the same path', async () => {
    const adapter = { adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0' } as const;
    tree.plug(adapter);
    const told = await watching();
    tree.unplug('1-1');
    tree.plug(adapter);
    await eventually(() => told.length === 2, 'the change');
    expect(told[1]).toMatchObject({ appeared: ['/dev/ttyUSB0'], vanished: ['/dev/ttyUSB0'] });
  });

  it('tells when a lasting name becomes known, without an appearing', async () => {
    rmSync(root, { recursive: true });
    tree = UsbTree.open(root, { udev: false });
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0' });
    const told = await watching();
    mkdirSync(join(root, 'dev/serial/by-id'), { recursive: true });
    symlinkSync('../../ttyUSB0', join(root, 'dev/serial/by-id/usb-it'));
    await eventually(() => told.length === 2, 'the name');
    expect(told[1]).toMatchObject({ appeared: [], vanished: [], ports: [{ byId: '/dev/serial/by-id/usb-it' }] });
    // These folders come and go with the adapters, and are watched anew each time.
    rmSync(join(root, 'dev/serial'), { recursive: true });
    await eventually(() => told.length === 3, 'the loss of the name');
    mkdirSync(join(root, 'dev/serial/by-id'), { recursive: true });
    await eventually(() => watchedFolders() === 3, 'the watch of the new folder');
    symlinkSync('../../ttyUSB0', join(root, 'dev/serial/by-id/usb-that'));
    await eventually(() => told.length === 4, 'the new name');
    expect(told[3]).toMatchObject({ ports: [{ byId: '/dev/serial/by-id/usb-that' }] });
  });

  it('gathers what happens within a tenth of a second, but never for longer than four tenths', async () => {
    const clock = new FakeClock();
    const told = await watching({ clock });
    const plug = async (index: number): Promise<void> => {
      const armed = vi.spyOn(clock, 'setTimer');
      tree.plug({ adapter: 'ftdi', location: `1-${index + 1}`, tty: `ttyUSB${index}` });
      await eventually(() => armed.mock.calls.length > 0, 'the event');
      armed.mockRestore();
    };
    for (let index = 0; index < 4; index++) {
      await plug(index);
      await clock.advance(99);
    }
    expect(told).toHaveLength(1);
    await plug(4);
    await clock.advance(4);
    await eventually(() => told.length === 2, 'the telling');
    expect(told[1]?.appeared).toHaveLength(5);
  });

  it('has one watch of each folder, whoever listens, and none afterwards', async () => {
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0' });
    const all = await Promise.all(Array.from({ length: 50 }, () => watching()));
    expect(watchedFolders()).toBe(4);
    tree.unplug('1-1');
    for (const told of all) await eventually(() => told.length === 2, 'the vanishing');
    const last = ends.pop();
    for (const end of ends.splice(0)) end();
    expect(watchedFolders()).toBe(1);
    last?.();
    last?.();
    expect(watchedFolders()).toBe(0);
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0' });
    const later = await watching();
    expect(later[0]?.there).toEqual(['/dev/ttyUSB0']);
    for (const told of all) expect(told).toHaveLength(2);
  });

  it('does not look again for each write to a device, but does where one becomes allowed', async () => {
    const target = join(root, 'target');
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0', target });
    tree.plug({ adapter: 'ch340', location: '1-2', tty: 'ttyUSB1' });
    const looks: string[] = [];
    ends.push(
      watchSeenPorts((seen) => looks.push(seen.map(({ usable }) => (usable ? 'usable' : 'not usable')).join(', ')), {
        root,
        platform: 'linux',
      }),
    );
    await eventually(() => looks.length === 1, 'the first look');
    for (let count = 0; count < 10; count++) writeFileSync(join(root, 'dev/ttyUSB1'), 'bytes');
    // No user may open it before, as root may everything: it is what stands for a permission here.
    writeFileSync(target, '');
    lutimesSync(join(root, 'dev/ttyUSB0'), 1, 1);
    await eventually(() => looks.length === 2, 'the second look');
    expect(looks).toEqual(['not usable, usable', 'usable, usable']);
  });

  it('tells what a binding lists where there is no /sys', async () => {
    const lists = [[{ path: 'COM3' }], new Error('the list is out of reach')];
    const list = async (): Promise<unknown> => {
      const next = lists.shift();
      if (next instanceof Error) throw next;
      return next;
    };
    const options = { root, platform: 'win32', binding: { list } as unknown as BindingInterface } as const;
    const told: (readonly PortInfo[])[] = [];
    ends.push(watchPorts((ports) => told.push(ports), options));
    await eventually(() => told.length === 1, 'the telling');
    expect(told).toEqual([[{ path: 'COM3' }]]);
    ends.push(watchPorts((ports) => told.push(ports), options));
    await eventually(() => lists.length === 0, 'the failing list');
    expect(told).toHaveLength(1);
    expect(watchedFolders()).toBe(0);
  });
});
