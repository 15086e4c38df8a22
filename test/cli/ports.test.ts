import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UsbTree } from '../../mocks/index.ts';
import { portsCommand } from '../../src/cli/commands/ports.ts';
import { loadConfiguration } from '../../src/config/index.ts';
import { configuredPorts, usedBy } from '../../src/gateway/used-ports.ts';
import { recordingIo } from './recording-io.ts';

let root: string;
let tree: UsbTree;
let config: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'labwire-cli-ports-'));
  tree = UsbTree.open(root);
  config = join(root, 'labwire.yaml');
});
afterEach(() => rmSync(root, { recursive: true }));

const configure = (...lines: string[]): void => writeFileSync(config, `${lines.join('\n')}\n`);

async function ports(options: { json?: boolean; config?: string } = {}) {
  const io = recordingIo();
  const status = await portsCommand(options, io, { root, platform: 'linux' });
  return { status, out: io.out.join('\n'), err: io.err.join('\n') };
}

const FTDI_BY_ID = '/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A5069RR4-if00-port0';

describe('labwire ports', () => {
  it('lists what is there, without columns that say nothing', async () => {
    tree.plug({ adapter: 'ftdi', location: '1-1.4', tty: 'ttyUSB0' });
    tree.plug({ adapter: 'ch340', location: '1-2', tty: 'ttyUSB1' });
    const { status, out } = await ports();
    expect(status).toBe(0);
    expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['PORT', 'USB', 'WHAT', 'SERIAL NUMBER', 'LOCATION', 'LASTING NAME'],
      ['/dev/ttyUSB0', '0403:6001', 'FTDI FT232R USB UART', 'A5069RR4', '1-1.4', FTDI_BY_ID],
      ['/dev/ttyUSB1', '1a86:7523', 'USB2.0-Serial', '1-2', '/dev/serial/by-id/usb-1a86_USB2.0-Serial-if00-port0'],
    ]);
  });

  it('tells the ports of one adapter apart', async () => {
    const tty = ['ttyUSB0', 'ttyUSB1', 'ttyUSB2', 'ttyUSB3'];
    tree.plug({ adapter: 'ftdi-quad', location: '1-1', tty, serialNumber: null });
    expect((await ports()).out).toMatch(/ttyUSB0 .* 1-1 interface 00 .*\n.*ttyUSB1 .* 1-1 interface 01 /);
  });

  it('says that there is none', async () => {
    expect(await ports()).toMatchObject({ status: 0, out: 'No serial ports are there.', err: '' });
  });

  it('tells what is used by whom, what is free, and what is configured and not there', async () => {
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0' });
    tree.plug({ adapter: 'ch340', location: '1-2.1', tty: 'ttyUSB1' });
    tree.plug({ adapter: 'ch340', location: '1-2.2', tty: 'ttyUSB2' });
    tree.plug({ adapter: 'arduino', location: '1-3', tty: 'ttyACM0' });
    writeFileSync(join(root, 'dev/pts-of-simulate'), '');
    configure(
      'ports:',
      '  bus1: { usb: { vendorId: 1A86, location: 1-2.1 } }',
      '  bus2: { path: /dev/ttyS7 }',
      'devices:',
      `  cryostat: { model: lakeshore-218, port: { path: ${FTDI_BY_ID} } }`,
      '  oven: { model: lakeshore-218, port: bus1 }',
      '  dryer: { model: lakeshore-218, port: bus1 }',
      '  far: { model: lakeshore-218, port: { tcp: "192.0.2.1:4001" } }',
      '  balance: { model: lakeshore-218, port: { usb: { vendorId: "10c4", serialNumber: A1 } } }',
      '  meter: { model: lakeshore-218, port: { usb: { vendorId: "1a86" } } }',
      '  emulated: { model: lakeshore-218, port: { path: /dev/pts-of-simulate } }',
    );
    const { status, out, err } = await ports({ config });
    expect({ status, err }).toEqual({ status: 0, err: '' });
    const lines = out.split('\n').map((line) => line.split(/ {2,}/));
    expect(lines.slice(1, 6).map((cells) => [cells[0], cells.at(-1)])).toEqual([
      ['/dev/ttyACM0', 'free'],
      ['/dev/ttyUSB0', 'cryostat'],
      ['/dev/ttyUSB1', 'bus1 (oven, dryer)'],
      ['/dev/ttyUSB2', 'free'],
      // No serial port of the system, but there: as the link of an emulated one.
      ['/dev/pts-of-simulate', 'emulated'],
    ]);
    expect(lines.slice(6)).toEqual([
      [''],
      ['Configured, but not found:'],
      ['DEVICE', 'CONFIGURED PORT', 'WHY'],
      ['bus2', '/dev/ttyS7', 'it is not there'],
      ['balance', 'usb 10c4:* serial A1', 'it is not there'],
      ['meter', 'usb 1a86:*', expect.stringMatching(/^2 ports fit .* Add `location` to tell them apart/)],
    ]);
  });

  it('prints JSON for machines', async () => {
    tree.plug({ adapter: 'prolific', location: '1-1', tty: 'ttyUSB0' });
    const port = { path: '/dev/ttyUSB0', vendorId: '067b', productId: '2303', location: '1-1', interface: '00' };
    const without = JSON.parse((await ports({ json: true })).out);
    expect(without).toMatchObject({ ports: [port], missing: [] });
    expect(without.ports[0]).not.toHaveProperty('usedBy');
    configure(
      'devices:',
      '  a: { model: line, port: { path: /dev/ttyUSB0 }, line: { format: json, channels: { t: {} } } }',
      '  b: { model: line, port: { path: /dev/ttyUSB7 }, line: { format: json, channels: { t: {} } } }',
    );
    expect(JSON.parse((await ports({ json: true, config })).out)).toMatchObject({
      ports: [{ ...port, usedBy: ['a'] }],
      missing: [{ usedBy: 'b', port: '/dev/ttyUSB7', code: 'PORT_ABSENT' }],
    });
  });

  it('says what is wrong with the configuration that it was given', async () => {
    configure('devices: { a: { model: line, port: { pth: /dev/ttyUSB0 } } }');
    const io = recordingIo();
    await expect(portsCommand({ config }, io, { root, platform: 'linux' })).rejects.toThrow('CONFIG_INVALID');
    expect(io.err.join('\n')).toContain('pth');
  });

  it('stays with --watch, and tells what appears and vanishes, until it is stopped', async () => {
    configure('devices:', '  cryostat: { model: lakeshore-218, port: { usb: { vendorId: "0403" } } }');
    const io = recordingIo();
    const ended = portsCommand({ watch: true, config }, io, { root, platform: 'linux' });
    await vi.waitFor(() => expect(io.out).toHaveLength(1));
    expect(io.out[0]).toMatch(/^No serial ports are there\.\n\nConfigured, but not found:\n/);
    expect(io.out[0]).toContain('Plug the adapter in now');
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0' });
    await vi.waitFor(() => expect(io.out).toHaveLength(2));
    const port = '/dev/ttyUSB0 (0403:6001 FTDI FT232R USB UART, serial number A5069RR4, interface 00, location 1-1)';
    expect(io.out[1]).toBe(`appeared: ${port}, lasting name ${FTDI_BY_ID}, used by cryostat`);
    tree.unplug('1-1');
    await vi.waitFor(() => expect(io.out).toHaveLength(3));
    expect(io.out[2]).toBe(`vanished: ${port}`);
    io.stop();
    expect(await ended).toBe(0);
    await expect(portsCommand({ watch: true }, io, { platform: 'win32' })).rejects.toThrow('USAGE');
  });
});

describe('usedBy', () => {
  it('knows a port by each of its names', () => {
    const port = { path: '/dev/ttyUSB0', byId: '/dev/serial/by-id/x', byPath: '/dev/serial/by-path/y' };
    const configured = new Map([port.path, port.byId, port.byPath].map((path, index) => [`d${index}`, { path }]));
    expect(usedBy([port], configured, root)).toEqual({ ports: [{ port, usedBy: ['d0', 'd1', 'd2'] }], missing: [] });
  });

  it('shows a line that no device shares', () => {
    configure('ports: { bus1: { path: /dev/ttyS7 } }');
    const { configuration } = loadConfiguration(config, { sections: [] });
    expect(configuration && [...configuredPorts(configuration).keys()]).toEqual(['bus1']);
  });
});
