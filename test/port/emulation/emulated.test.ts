import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { silentLogger, systemClock } from '../../../src/base/index.ts';
import {
  Bus,
  type Emulator,
  emulatedTransport,
  lines,
  Port,
  Pty,
  serialTransport,
  serveEmulator,
  type Transport,
  tcpTransport,
} from '../../../src/port/index.ts';
import { eventually } from '../eventually.ts';

/** Counts its answers from its first power-up on, and tells how often it was switched. */
function counter() {
  const switched: string[] = [];
  const emulator: Emulator = () => {
    let answers = 0;
    return {
      connect: (line) => {
        switched.push('on');
        line.onReceive(() => line.send(`answer ${++answers} \xb0C\r\n`));
      },
      disconnect: () => {
        switched.push('off');
      },
    };
  };
  return { emulator, switched };
}

async function open(transport: Transport) {
  const port = new Port({ transport, clock: systemClock, log: silentLogger, settleMs: 1 });
  const link = new Bus({ port, clock: systemClock }).link({
    framing: lines({ send: '\r\n' }),
    timing: { replyMs: 60_000 },
  });
  port.start();
  await port.opened(AbortSignal.timeout(30_000));
  return { port, link };
}

describe('emulatedTransport', () => {
  it('switches its instrument on with the first opening, and off when the port is given up', async () => {
    const { emulator, switched } = counter();
    const before = readdirSync('/proc/self/fd').length;
    const transport = emulatedTransport('emulated counter', { baudRate: 9600 });
    transport.attach(emulator());
    expect(transport).toMatchObject({ name: 'emulated counter', simulated: true });
    expect(switched).toEqual([]);
    const { port, link } = await open(transport);
    expect(await link.query('?')).toBe('answer 1 \xb0C');
    port.reopen(new Error('as an example'));
    await port.opened(AbortSignal.timeout(30_000));
    expect(await link.query('?')).toBe('answer 2 \xb0C');
    await port.stop();
    expect(switched).toEqual(['on', 'off']);
    await eventually(() => readdirSync('/proc/self/fd').length <= before, 'the return of the file descriptors');
  });

  it('does without a pseudo-terminal where there is none', async () => {
    vi.spyOn(Pty, 'available').mockReturnValue(false);
    const { emulator, switched } = counter();
    const transport = emulatedTransport('emulated counter');
    transport.attach(emulator());
    const { port, link } = await open(transport);
    expect(await link.query('?')).toBe('answer 1 \xb0C');
    await port.stop();
    expect(switched).toEqual(['on', 'off']);
    vi.restoreAllMocks();
  });
});

describe('serveEmulator', () => {
  it('puts an instrument behind a path for any program', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'labwire-serve-'));
    const { emulator, switched } = counter();
    const path = join(folder, 'sensor');
    const served = await serveEmulator(emulator, { pty: path });
    expect(served.address).toBe(path);
    const { port, link } = await open(serialTransport(path));
    expect(await link.query('?')).toBe('answer 1 \xb0C');
    await port.stop();
    await served.stop();
    await served.stop();
    expect(existsSync(path)).toBe(false);
    expect(switched).toEqual(['on', 'off']);
    rmSync(folder, { recursive: true });
  });

  it('puts an instrument behind a TCP port, for one client at a time', async () => {
    const { emulator, switched } = counter();
    const served = await serveEmulator(emulator, { tcp: 0 });
    const tcpPort = Number(new URL(served.address).port);
    const { port, link } = await open(tcpTransport('127.0.0.1', tcpPort));
    expect(await link.query('?')).toBe('answer 1 \xb0C');
    const second = createConnection({ host: '127.0.0.1', port: tcpPort });
    await new Promise((resolve) => second.on('error', () => {}).on('close', resolve));
    expect(await link.query('?')).toBe('answer 2 \xb0C');
    await port.stop();
    await expect(serveEmulator(emulator, { tcp: tcpPort })).rejects.toThrow('SERVER_ADDRESS');
    await served.stop();
    await served.stop();
    expect(switched).toEqual(['on', 'off']);
  });
});
