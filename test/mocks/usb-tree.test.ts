import { mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsbTree } from '../../mocks/index.ts';

let root: string;
let tree: UsbTree;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'labwire-tree-')));
  tree = UsbTree.open(root);
});
afterEach(() => rmSync(root, { recursive: true }));

const names = (folder: string): string[] => readdirSync(join(root, folder)).sort();

describe('a tree of USB adapters', () => {
  it('is laid out as the kernel does it', () => {
    expect(tree.plug({ adapter: 'ftdi', location: '1-1.4', tty: 'ttyUSB0' })).toEqual(['/dev/ttyUSB0']);
    tree.plug({ adapter: 'arduino', location: '2-3', tty: 'ttyACM0' });
    const bus = '/sys/devices/pci0000:00/0000:00:14.0';
    expect(realpathSync(join(root, '/sys/class/tty/ttyUSB0'))).toBe(
      `${root}${bus}/usb1/1-1/1-1.4/1-1.4:1.0/ttyUSB0/tty/ttyUSB0`,
    );
    expect(realpathSync(join(root, '/sys/class/tty/ttyUSB0/device'))).toBe(
      `${root}${bus}/usb1/1-1/1-1.4/1-1.4:1.0/ttyUSB0`,
    );
    expect(realpathSync(join(root, '/sys/class/tty/ttyACM0/device'))).toBe(`${root}${bus}/usb2/2-3/2-3:1.0`);
    const ids = ['usb1', 'usb1/1-1', 'usb1/1-1/1-1.4', 'usb2/2-3'].map((place) =>
      readFileSync(join(root, bus, place, 'idVendor'), 'utf8').trim(),
    );
    expect(ids).toEqual(['1d6b', '05e3', '0403', '2341']);
  });

  it('leaves nothing of an adapter that is pulled, nor of those in a hub that is', () => {
    tree.plug({ adapter: 'ftdi', location: '1-1.4', tty: 'ttyUSB0' });
    tree.plug({ adapter: 'ch340', location: '1-1.1.2', tty: 'ttyUSB1' });
    tree.plug({ adapter: 'prolific', location: '1-10', tty: 'ttyUSB2' });
    tree.unplug('1-1');
    expect(names('dev')).toEqual(['serial', 'ttyUSB2']);
    expect(names('sys/class/tty')).toEqual(['ttyUSB2']);
    expect(names('dev/serial/by-id')).toHaveLength(1);
    tree.unplug('1-10');
    expect(names('dev')).toEqual([]);
    tree.plug({ adapter: 'ftdi', location: '1-1.4', tty: 'ttyUSB0' });
    expect(names('dev')).toEqual(['serial', 'ttyUSB0']);
  });

  it('gives the one name of two equal adapters to the later one, and back when that is pulled', () => {
    const link = '/dev/serial/by-id/usb-1a86_USB2.0-Serial-if00-port0';
    tree.plug({ adapter: 'ch340', location: '1-1', tty: 'ttyUSB0' });
    tree.plug({ adapter: 'ch340', location: '1-2', tty: 'ttyUSB1' });
    expect(readlinkSync(join(root, link))).toBe('../../ttyUSB1');
    tree.unplug('1-2');
    expect(readlinkSync(join(root, link))).toBe('../../ttyUSB0');
  });

  it('leads to what stands behind its ports', () => {
    const targets = ['/dev/pts/11', '/dev/pts/12', '/dev/pts/13', '/dev/pts/14'];
    const tty = ['ttyUSB0', 'ttyUSB1', 'ttyUSB2', 'ttyUSB3'];
    tree.plug({ adapter: 'ftdi-quad', location: '1-1', tty, target: targets });
    expect(tty.map((name) => readlinkSync(join(root, 'dev', name)))).toEqual(targets);
  });

  it('refuses what no machine has', () => {
    const plug = { adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0' } as const;
    expect(() => tree.plug({ ...plug, adapter: 'ftdi-quad' })).toThrow('has 4 ports');
    expect(() => tree.plug({ ...plug, location: 'front' })).toThrow('is written like 1-1.4');
    tree.plug(plug);
    expect(() => tree.plug({ ...plug, tty: 'ttyUSB1' })).toThrow('an adapter in 1-1 already');
    expect(() => tree.plug({ ...plug, location: '1-2' })).toThrow('a port ttyUSB0 already');
  });
});
