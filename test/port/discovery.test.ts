import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listPorts } from '../../src/port/index.ts';

describe('listPorts', () => {
  let root: string;
  const file = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  };
  /** Relative, as the kernel and udev make them. */
  const link = (path: string, target: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(relative(dirname(path), target), join(root, path));
  };
  const list = () => listPorts({ root, platform: 'linux' });

  /** An adapter as Linux shows it: the tty below an interface below the USB device. */
  function usb(tty: string, socket: string, attributes: Record<string, string>): void {
    const device = `/sys/devices/pci0000:00/0000:00:14.0/usb1/${socket}`;
    for (const [name, value] of Object.entries(attributes)) file(`${device}/${name}`, value);
    mkdirSync(join(root, device, `${socket}:1.0/${tty}/tty/${tty}`), { recursive: true });
    link(`/sys/class/tty/${tty}`, `${device}/${socket}:1.0/${tty}/tty/${tty}`);
    link(`${device}/${socket}:1.0/${tty}/tty/${tty}/device`, `${device}/${socket}:1.0/${tty}`);
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'labwire-ports-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('finds nothing where there is nothing', async () => {
    expect(await list()).toEqual([]);
  });

  it('tells what a USB adapter says of itself, and its lasting names', async () => {
    usb('ttyUSB10', '1-2', {
      idVendor: '0403',
      idProduct: '6001',
      serial: 'A900XYZ1',
      manufacturer: 'FTDI',
      product: 'FT232R USB UART',
    });
    usb('ttyUSB9', '1-3', { idVendor: '1a86', idProduct: '7523', product: 'USB2.0-Serial' });
    link('/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A900XYZ1-if00-port0', '/dev/ttyUSB10');
    link('/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0', '/dev/ttyUSB10');
    expect(await list()).toEqual([
      { path: '/dev/ttyUSB9', vendorId: '1a86', productId: '7523', product: 'USB2.0-Serial' },
      {
        path: '/dev/ttyUSB10',
        byId: '/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A900XYZ1-if00-port0',
        byPath: '/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0',
        vendorId: '0403',
        productId: '6001',
        serialNumber: 'A900XYZ1',
        manufacturer: 'FTDI',
        product: 'FT232R USB UART',
      },
    ]);
  });

  it('tells ports on the board from consoles, and from UARTs that are not there', async () => {
    for (const tty of ['tty0', 'console', 'ptmx']) mkdirSync(join(root, '/sys/class/tty', tty), { recursive: true });
    for (const [tty, type] of [
      ['ttyS0', '4'],
      ['ttyS1', '0'],
    ] as const) {
      mkdirSync(join(root, '/sys/devices/platform/serial8250'), { recursive: true });
      file(`/sys/class/tty/${tty}/type`, type);
      link(`/sys/class/tty/${tty}/device`, '/sys/devices/platform/serial8250');
    }
    expect(await list()).toEqual([{ path: '/dev/ttyS0' }]);
  });

  it('finds the ports of a machine without udev', async () => {
    usb('ttyACM0', '1-1', { idVendor: '2341', idProduct: '0043', serial: '' });
    expect(await list()).toEqual([{ path: '/dev/ttyACM0', vendorId: '2341', productId: '0043' }]);
  });
});
