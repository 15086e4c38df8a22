import { lutimesSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsbTree } from '../../../mocks/index.ts';
import { FakeClock } from '../../../src/base/index.ts';
import { watchedFolders } from '../../../src/port/discovery/folder-watch.ts';
import { Port, Pty, usbTransport } from '../../../src/port/index.ts';
import { eventually } from '../eventually.ts';
import { recordingLog } from '../recording-log.ts';

const FTDI = { vendorId: '0403', productId: '6001', serialNumber: 'A5069RR4' };
let root: string;
let tree: UsbTree;
const ptys: Pty[] = [];
const ports: Port[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'labwire-usb-'));
  tree = UsbTree.open(root);
});
afterEach(async () => {
  await Promise.all(ports.splice(0).map((port) => port.stop()));
  for (const pty of ptys.splice(0)) pty.close();
  rmSync(root, { recursive: true });
  expect(watchedFolders()).toBe(0);
});

function newPty(): Pty {
  const pty = Pty.open();
  ptys.push(pty);
  return pty;
}

const transport = (match = FTDI) => usbTransport(match, { baudRate: 115_200 }, { root, platform: 'linux' });

/** A port whose clock stands still: no wait of it ever ends, so it opens by what it sees, or never. */
function newPort(match?: typeof FTDI) {
  const { log, lines } = recordingLog();
  const port = new Port({ transport: transport(match), clock: new FakeClock(), log, settleMs: 0 });
  ports.push(port);
  const received: string[] = [];
  port.onData((bytes) => received.push(bytes.toString()));
  return { port, received, lines };
}

describe('usbTransport', () => {
  it('is named by what it looks for', () => {
    expect(transport().name).toBe('usb 0403:6001 serial A5069RR4');
  });

  it('says what there is where its adapter is not', async () => {
    tree.plug({ adapter: 'ch340', location: '1-1', tty: 'ttyUSB0' });
    const opening = transport().open({ data: () => {}, lost: () => {} }, new AbortController().signal);
    await expect(opening).rejects.toMatchObject({
      code: 'PORT_ABSENT',
      message: expect.stringContaining('there are /dev/ttyUSB0 (1a86:7523 USB2.0-Serial'),
    });
  });

  it('gives up when its signal says so', async () => {
    const opening = transport().open({ data: () => {}, lost: () => {} }, AbortSignal.abort());
    await expect(opening).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('does not call for what it found itself', async () => {
    const pty = newPty();
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0', target: pty.path });
    const own = transport();
    let calls = 0;
    const end = own.watch?.(() => calls++);
    const connection = await own.open({ data: () => {}, lost: () => {} }, new AbortController().signal);
    tree.plug({ adapter: 'ch340', location: '1-2', tty: 'ttyUSB1' });
    tree.unplug('1-2');
    const marker = transport();
    let marked = false;
    const endMarker = marker.watch?.(() => {
      marked = true;
    });
    await eventually(() => marked, 'the call of another watch');
    expect(calls).toBe(0);
    await connection.close();
    end?.();
    endMarker?.();
  });
});

describe('a port by its USB adapter', () => {
  it('opens when the adapter is plugged in', async () => {
    const { port, received } = newPort();
    port.start();
    await eventually(() => port.state === 'waiting', 'the failure');
    const pty = newPty();
    tree.plug({ adapter: 'ftdi', location: '1-1.4', tty: 'ttyUSB0', target: pty.path });
    await eventually(() => port.state === 'open', 'the opening');
    pty.write(Buffer.from('21.5\r\n'));
    await eventually(() => received.join('') === '21.5\r\n', 'the line');
  });

  it('opens again by itself when the adapter returns as another tty in another socket', async () => {
    const { port, received, lines } = newPort();
    const sockets = ['1-1.4', '1-1.3', '2-1'];
    for (const [round, location] of sockets.entries()) {
      const pty = newPty();
      tree.plug({ adapter: 'ftdi', location, tty: `ttyUSB${round}`, target: pty.path });
      if (round === 0) port.start();
      await eventually(() => port.state === 'open', `opening ${round}`);
      pty.write(Buffer.from(`from ${location} `));
      await eventually(() => received.join('').endsWith(`from ${location} `), 'what it says');
      pty.close();
      tree.unplug(location);
      await eventually(() => port.state === 'waiting', 'the loss');
    }
    expect(received.join('')).toBe('from 1-1.4 from 1-1.3 from 2-1 ');
    expect(port.counters).toMatchObject({ opens: 3, losses: 3 });
    expect(lines[0]).toContain('was lost');
  });

  it('opens again by itself when the adapter returns before its loss is noticed, time and again', async () => {
    const { port } = newPort();
    const plug = (): Pty => {
      const pty = newPty();
      tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0', target: pty.path });
      return pty;
    };
    let pty = plug();
    port.start();
    for (let round = 1; round <= 30; round++) {
      await eventually(() => port.state === 'open', `opening ${round}`);
      expect(port.counters.opens).toBe(round);
      pty.close();
      tree.unplug('1-1');
      pty = plug();
      await eventually(() => port.counters.losses === round, `loss ${round}`);
    }
    await eventually(() => port.state === 'open', 'the last opening');
  });

  it('leaves a foreign adapter on the old path alone', async () => {
    const { port } = newPort();
    const pty = newPty();
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0', target: pty.path });
    port.start();
    await eventually(() => port.state === 'open', 'the opening');
    pty.close();
    tree.unplug('1-1');
    await eventually(() => port.state === 'waiting', 'the loss');
    const foreign = newPty();
    tree.plug({ adapter: 'ftdi', serialNumber: 'OTHER', location: '1-1', tty: 'ttyUSB0', target: foreign.path });
    const own = newPty();
    tree.plug({ adapter: 'ftdi', location: '1-2', tty: 'ttyUSB1', target: own.path });
    await eventually(() => port.state === 'open', 'the opening');
    const heard: string[] = [];
    own.onData((bytes) => heard.push(bytes.toString()));
    await port.write(Buffer.from('KRDG? 0\r\n'));
    await eventually(() => heard.join('') === 'KRDG? 0\r\n', 'the question');
  });

  it('opens when its node becomes allowed some time after it was made', async () => {
    const { port } = newPort();
    const target = join(root, 'later');
    tree.plug({ adapter: 'ftdi', location: '1-1', tty: 'ttyUSB0', target });
    port.start();
    await eventually(() => port.state === 'waiting', 'the failure');
    ptys.push(Pty.open({ link: target }));
    lutimesSync(join(root, 'dev/ttyUSB0'), 1, 1);
    await eventually(() => port.state === 'open', 'the opening');
  });

  it('opens when the second of two that fit is pulled', async () => {
    const { port } = newPort({ vendorId: '0403', productId: '6001', serialNumber: 'SAME' });
    const same = { adapter: 'ftdi', serialNumber: 'SAME' } as const;
    tree.plug({ ...same, location: '1-1', tty: 'ttyUSB0', target: newPty().path });
    tree.plug({ ...same, location: '1-2', tty: 'ttyUSB1' });
    const reasons: (string | undefined)[] = [];
    port.onChange((_, reason) => reasons.push(reason?.message));
    port.start();
    await eventually(() => port.state === 'waiting', 'the failure');
    expect(reasons.join('')).toContain('2 ports fit');
    tree.unplug('1-2');
    await eventually(() => port.state === 'open', 'the opening');
  });

  it('is one of many that wait with a single watch', async () => {
    const waiting = Array.from({ length: 64 }, (_, index) => newPort({ ...FTDI, serialNumber: `S${index}` }).port);
    for (const port of waiting) port.start();
    await eventually(() => waiting.every(({ state }) => state === 'waiting'), 'the failures');
    expect(watchedFolders()).toBe(1);
    for (const index of waiting.keys()) {
      const serialNumber = `S${index}`;
      tree.plug({
        adapter: 'ftdi',
        serialNumber,
        location: `1-${index + 1}`,
        tty: `ttyUSB${index}`,
        target: newPty().path,
      });
    }
    await eventually(() => waiting.every(({ state }) => state === 'open'), 'the openings');
  });
});
