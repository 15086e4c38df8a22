import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { BindingInterface } from '@serialport/bindings-cpp';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsbTree } from '../../../mocks/index.ts';
import { listPorts } from '../../../src/port/index.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'labwire-ports-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const list = () => listPorts({ root, platform: 'linux' });

const file = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), `${text}\n`);
};
/** Relative, as the kernel and udev make them. */
const link = (path: string, target: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(relative(dirname(path), target), join(root, path));
};

/** A port on the board, without any USB. */
function boardPort(tty: string, facts: Readonly<Record<string, string>>): void {
  mkdirSync(join(root, '/sys/devices/platform/serial8250'), { recursive: true });
  for (const [name, value] of Object.entries(facts)) file(`/sys/class/tty/${tty}/${name}`, value);
  link(`/sys/class/tty/${tty}/device`, '/sys/devices/platform/serial8250');
  file(`/dev/${tty}`, '');
}

describe('listPorts', () => {
  it('finds nothing where there is nothing', async () => {
    expect(await list()).toEqual([]);
  });

  it('tells what each kind of USB adapter says of itself, its lasting names and its place', async () => {
    const tree = UsbTree.open(root);
    tree.plug({ adapter: 'ftdi', location: '1-2', tty: 'ttyUSB10' });
    tree.plug({ adapter: 'cp210x', location: '1-1.4', tty: 'ttyUSB9' });
    tree.plug({ adapter: 'ch340', location: '3-1', tty: 'ttyUSB0' });
    tree.plug({ adapter: 'arduino', location: '1-1.1.2', tty: 'ttyACM0' });
    tree.plug({ adapter: 'prolific', location: '1-3', tty: 'ttyUSB1' });
    const byPath = (end: string): string => `/dev/serial/by-path/pci-0000:00:14.0-usb-0:${end}`;
    expect(await list()).toEqual([
      {
        path: '/dev/ttyACM0',
        byId: '/dev/serial/by-id/usb-Arduino__www.arduino.cc__0043_7583335303535170F102-if00',
        byPath: byPath('1.1.2:1.0'),
        vendorId: '2341',
        productId: '0043',
        serialNumber: '7583335303535170F102',
        manufacturer: 'Arduino (www.arduino.cc)',
        interface: '00',
        location: '1-1.1.2',
      },
      {
        path: '/dev/ttyUSB0',
        byId: '/dev/serial/by-id/usb-1a86_USB2.0-Serial-if00-port0',
        byPath: byPath('1:1.0-port0'),
        vendorId: '1a86',
        productId: '7523',
        product: 'USB2.0-Serial',
        interface: '00',
        location: '3-1',
      },
      {
        path: '/dev/ttyUSB1',
        byId: '/dev/serial/by-id/usb-Prolific_Technology_Inc._USB-Serial_Controller-if00-port0',
        byPath: byPath('3:1.0-port0'),
        vendorId: '067b',
        productId: '2303',
        manufacturer: 'Prolific Technology Inc.',
        product: 'USB-Serial Controller',
        interface: '00',
        location: '1-3',
      },
      {
        path: '/dev/ttyUSB9',
        byId: '/dev/serial/by-id/usb-Silicon_Labs_CP2102_USB_to_UART_Bridge_Controller_0001-if00-port0',
        byPath: byPath('1.4:1.0-port0'),
        vendorId: '10c4',
        productId: 'ea60',
        serialNumber: '0001',
        manufacturer: 'Silicon Labs',
        product: 'CP2102 USB to UART Bridge Controller',
        interface: '00',
        location: '1-1.4',
      },
      {
        path: '/dev/ttyUSB10',
        byId: '/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A5069RR4-if00-port0',
        byPath: byPath('2:1.0-port0'),
        vendorId: '0403',
        productId: '6001',
        serialNumber: 'A5069RR4',
        manufacturer: 'FTDI',
        product: 'FT232R USB UART',
        interface: '00',
        location: '1-2',
      },
    ]);
  });

  it('tells the ports of one adapter apart by the interface', async () => {
    const ttys = ['ttyUSB0', 'ttyUSB1', 'ttyUSB2', 'ttyUSB3'];
    UsbTree.open(root).plug({ adapter: 'ftdi-quad', location: '1-1', tty: ttys });
    expect((await list()).map((port) => [port.path, port.interface, port.location, port.serialNumber])).toEqual([
      ['/dev/ttyUSB0', '00', '1-1', 'FT5QUAD1'],
      ['/dev/ttyUSB1', '01', '1-1', 'FT5QUAD1'],
      ['/dev/ttyUSB2', '02', '1-1', 'FT5QUAD1'],
      ['/dev/ttyUSB3', '03', '1-1', 'FT5QUAD1'],
    ]);
  });

  it('tells ports on the board from consoles, and from UARTs that are not there', async () => {
    for (const tty of ['tty0', 'console', 'ptmx']) mkdirSync(join(root, '/sys/class/tty', tty), { recursive: true });
    boardPort('ttyS0', { type: '4' });
    boardPort('ttyS1', { type: '0' });
    boardPort('ttyAMA0', {});
    expect(await list()).toEqual([{ path: '/dev/ttyAMA0' }, { path: '/dev/ttyS0' }]);
  });

  it('finds the ports of a machine without udev', async () => {
    UsbTree.open(root, { udev: false }).plug({ adapter: 'ch340', location: '1-1', tty: 'ttyUSB0' });
    expect(await list()).toEqual([
      {
        path: '/dev/ttyUSB0',
        vendorId: '1a86',
        productId: '7523',
        product: 'USB2.0-Serial',
        interface: '00',
        location: '1-1',
      },
    ]);
  });

  it('finds by their names the ports of a container that has no /sys, and takes no console for one', async () => {
    const tree = UsbTree.open(root, { sys: false, udev: false });
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0' });
    tree.plug({ adapter: 'arduino', location: '1-2', tty: 'ttyACM3' });
    for (const name of ['ttyAMA0', 'ttyS0', 'ttymxc1', 'rfcomm0', 'tty', 'tty1', 'ttyp0', 'ptmx', 'null', 'ttyprintk'])
      file(`/dev/${name}`, '');
    expect((await list()).map(({ path }) => path)).toEqual([
      '/dev/rfcomm0',
      '/dev/ttyACM3',
      '/dev/ttyAMA0',
      '/dev/ttymxc1',
      '/dev/ttyS0',
      '/dev/ttyUSB0',
    ]);
  });

  it("leaves out the ports of a container's host whose nodes the container was not given", async () => {
    const tree = UsbTree.open(root, { udev: false });
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0' });
    tree.plug({ adapter: 'ch340', location: '1-2', tty: 'ttyUSB1' });
    rmSync(join(root, '/dev/ttyUSB1'));
    expect((await list()).map(({ path }) => path)).toEqual(['/dev/ttyUSB0']);
  });

  it('goes by the number of a node where a container knows it by another name', async () => {
    const tree = UsbTree.open(root, { udev: false });
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB3' });
    tree.plug({ adapter: 'ch340', location: '1-2', tty: 'zero' });
    // The nodes that each machine has: here /dev/null is that of the first adapter, and /dev/zero of none.
    rmSync(join(root, 'dev'), { recursive: true });
    symlinkSync('/dev', join(root, 'dev'));
    writeFileSync(join(root, '/sys/class/tty/ttyUSB3/dev'), '1:3\n');
    expect((await list()).map(({ path, product }) => [path, product])).toEqual([['/dev/null', 'FT232R USB UART']]);
  });

  it('makes one line that no terminal obeys of whatever an adapter says of itself', async () => {
    UsbTree.open(root).plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0' });
    const product = '/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/product';
    const said = fc.string({ unit: 'binary', maxLength: 126 });
    await fc.assert(
      fc.asyncProperty(said, async (text) => {
        file(product, text);
        const [port] = await list();
        expect(port?.path).toBe('/dev/ttyUSB0');
        expect(port?.product ?? '-').toMatch(/^[^\p{C}]+$/u);
        if (/^\w+$/.test(text)) expect(port?.product).toBe(text);
      }),
    );
    file(product, '\u001b[2JFT232R\r\nUSB\tUART');
    expect((await list())[0]?.product).toBe('[2JFT232R USB UART');
  });

  it('gives who asks during a listing what is there afterwards', async () => {
    const tree = UsbTree.open(root);
    const first = list();
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0' });
    const later = [list(), list()];
    await first;
    for (const ports of await Promise.all(later)) expect(ports.map(({ path }) => path)).toEqual(['/dev/ttyUSB0']);
  });

  it.each([
    ['macOS', 'darwin', { locationId: '14100000', pnpId: undefined }, { location: '14100000' }],
    [
      'Windows',
      'win32',
      { locationId: 'Port_#0001.Hub_#0004', pnpId: 'USB\\VID_0403&PID_6011&MI_0A\\7&2E&0&0000' },
      { location: 'Port_#0001.Hub_#0004', interface: '0a' },
    ],
  ] as const)('takes from the list of %s what it says', async (_, platform, extra, known) => {
    const entry = {
      path: 'COM3',
      manufacturer: 'FTDI',
      serialNumber: '',
      vendorId: '0403',
      productId: 'EA60',
      ...extra,
    };
    const binding = { list: async () => [entry] } as unknown as BindingInterface;
    expect(await listPorts({ platform, binding })).toEqual([
      { path: 'COM3', manufacturer: 'FTDI', vendorId: '0403', productId: 'ea60', ...known },
    ]);
  });
});
