import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsbTree } from '../../../mocks/index.ts';
import {
  describeMatch,
  describePort,
  listPorts,
  matchPort,
  type PortInfo,
  type PortMatch,
} from '../../../src/port/index.ts';

let root: string;
let tree: UsbTree;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'labwire-match-'));
  tree = UsbTree.open(root);
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const match = async (wanted: PortMatch): Promise<string> =>
  matchPort(await listPorts({ root, platform: 'linux' }), wanted).path;

describe('matchPort', () => {
  it.each<[PortMatch]>([
    [{ vendorId: '10c4', productId: 'ea60' }],
    [{ vendorId: '10C4', productId: '0xEA60' }],
    [{ vendorId: '0X10C4' }],
    [{ serialNumber: '0001' }],
    [{ location: '1-1.4', interface: '0' }],
    [{ manufacturer: 'Silicon Labs' }],
    [{ product: 'CP2102 USB to UART Bridge Controller', serialNumber: undefined }],
  ])('finds an adapter by %j', async (wanted) => {
    tree.plug({ adapter: 'ftdi', location: '1-1.3', tty: ['ttyUSB0'] });
    tree.plug({ adapter: 'cp210x', location: '1-1.4', tty: ['ttyUSB1'] });
    expect(await match(wanted)).toBe('/dev/ttyUSB1');
  });

  it('finds each of several ports of one adapter by the interface', async () => {
    tree.plug({ adapter: 'ftdi-quad', location: '1-1', tty: ['ttyUSB0', 'ttyUSB1', 'ttyUSB2', 'ttyUSB3'] });
    expect(await match({ serialNumber: 'FT5QUAD1', interface: '02' })).toBe('/dev/ttyUSB2');
    await expect(match({ serialNumber: 'FT5QUAD1' })).rejects.toThrow('Add `interface` to tell them apart');
  });

  it('says what there is where nothing fits', async () => {
    await expect(match({ vendorId: '0403', serialNumber: 'X1' })).rejects.toMatchObject({
      code: 'PORT_ABSENT',
      message: expect.stringContaining('There is no port usb 0403:* serial X1; there is no serial port at all.'),
    });
    tree.plug({ adapter: 'ftdi', location: '1-1.3', tty: 'ttyUSB0' });
    await expect(match({ vendorId: '0403', serialNumber: 'X1' })).rejects.toThrow(
      'there are /dev/ttyUSB0 (0403:6001 FTDI FT232R USB UART, serial number A5069RR4, interface 00, location 1-1.3)',
    );
  });

  it('takes a port that says nothing of itself for none that fits', async () => {
    expect(() => matchPort([{ path: '/dev/ttyS0' }], { location: '1-1' })).toThrow('PORT_ABSENT');
  });

  it('names the first of very many ports', () => {
    const ports = Array.from({ length: 20 }, (_, index): PortInfo => ({ path: `/dev/ttyS${index}` }));
    expect(() => matchPort(ports, { vendorId: '0403' })).toThrow('/dev/ttyS7; and 12 more');
  });

  it('tells two equal adapters in a hub apart by their sockets only, and says so', async () => {
    tree.plug({ adapter: 'ch340', location: '1-1.1', tty: 'ttyUSB0' });
    tree.plug({ adapter: 'ch340', location: '1-1.2', tty: 'ttyUSB1' });
    const ch340 = { vendorId: '1a86', productId: '7523' };
    await expect(match(ch340)).rejects.toMatchObject({
      code: 'PORT_AMBIGUOUS',
      message:
        '2 ports fit usb 1a86:7523: /dev/ttyUSB0 (1a86:7523 USB2.0-Serial, interface 00, location 1-1.1); ' +
        '/dev/ttyUSB1 (1a86:7523 USB2.0-Serial, interface 00, location 1-1.2). Add `location` to tell them apart (PORT_AMBIGUOUS)',
    });
    expect(await match({ ...ch340, location: '1-1.2' })).toBe('/dev/ttyUSB1');
  });

  it('does not advise what would not help', async () => {
    const specimen = { adapter: 'cp210x', serialNumber: '0001' } as const;
    tree.plug({ ...specimen, location: '1-1', tty: 'ttyUSB0' });
    tree.plug({ ...specimen, location: '1-2', tty: 'ttyUSB1' });
    await expect(match({ vendorId: '10c4' })).rejects.toThrow('Add `location` to tell them apart');
    const quad = ['ttyUSB2', 'ttyUSB3', 'ttyUSB4', 'ttyUSB5'];
    tree.plug({ adapter: 'ftdi-quad', location: '1-3', tty: quad, serialNumber: null });
    const other = quad.map((_, index) => `ttyUSB${index + 6}`);
    tree.plug({ adapter: 'ftdi-quad', location: '1-4', tty: other, serialNumber: null });
    await expect(match({ vendorId: '0403' })).rejects.toThrow('Add `location` and `interface`');
    const twins: PortInfo[] = [
      { path: '/dev/ttyMXUSB0', location: '1-1', interface: '00' },
      { path: '/dev/ttyMXUSB1', location: '1-1', interface: '00' },
    ];
    expect(() => matchPort(twins, { location: '1-1' })).toThrow(
      'Name the one that is meant by its path in /dev/serial/by-path',
    );
  });
});

describe('a port in words', () => {
  it.each<[PortMatch, string]>([
    [{ vendorId: '0403', productId: '6001', serialNumber: 'A5069RR4' }, 'usb 0403:6001 serial A5069RR4'],
    [{ productId: '0x6001' }, 'usb *:6001'],
    [{ location: '1-1.4', interface: '1' }, 'usb interface 01 location 1-1.4'],
    [{ manufacturer: 'FTDI', product: 'FT232R USB UART' }, 'usb manufacturer "FTDI" product "FT232R USB UART"'],
  ])('is, of %j, %s', (wanted, text) => {
    expect(describeMatch(wanted)).toBe(text);
  });

  it('is its path where no more is known', () => {
    expect(describePort({ path: '/dev/ttyS0' })).toBe('/dev/ttyS0');
    expect(describePort({ path: 'COM3', vendorId: '0403' })).toBe('COM3 (0403:?)');
  });
});
