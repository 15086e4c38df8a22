import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import {
  type AddressInfo,
  createServer,
  type Server,
  type Socket,
  setDefaultAutoSelectFamilyAttemptTimeout,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, silentLogger, systemClock } from '../../../src/base/index.ts';
import { type Connection, Port, tcpTransport, unixTransport } from '../../../src/port/index.ts';
import { socketReason } from '../../../src/port/transport/socket-connection.ts';
import { eventually } from '../eventually.ts';

const never = new AbortController().signal;
const ignore = { data: () => {}, lost: () => {} };
// Node leaves an address of a host after 250 ms, also one that has connected while this process was halted.
setDefaultAutoSelectFamilyAttemptTimeout(30_000);

describe('tcpTransport', () => {
  let server: Server;
  let sockets: Socket[];
  let port: number;

  beforeEach(async () => {
    sockets = [];
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('passes bytes both ways', async () => {
    let received = '';
    const data = (bytes: Buffer): void => {
      received += bytes.toString();
    };
    const transport = tcpTransport('127.0.0.1', port);
    expect(transport.name).toBe(`tcp://127.0.0.1:${port}`);
    const connection = await transport.open({ data, lost: () => {} }, never);
    await connection.write(Buffer.from('question'));
    await eventually(() => sockets[0]?.bytesRead === 8, 'the question');
    sockets[0]?.write('answer');
    await eventually(() => received === 'answer', 'the answer');
    await connection.close();
    await connection.close();
    await expect(connection.write(Buffer.from('x'))).rejects.toThrow('PORT_CLOSED');
    await expect(connection.flush()).rejects.toThrow('PORT_CLOSED');
  });

  it.each(['end', 'resetAndDestroy'] as const)('tells once that the other side is gone (%s)', async (way) => {
    const losses: Error[] = [];
    const connection = await tcpTransport('127.0.0.1', port).open(
      { data: () => {}, lost: (error) => losses.push(error) },
      never,
    );
    await eventually(() => sockets.length === 1, 'the connection');
    sockets[0]?.[way]();
    await eventually(() => losses.length === 1, 'the loss');
    await connection.close();
    expect(losses).toHaveLength(1);
    expect(losses[0]?.message).toContain('PORT_FAILED');
  });

  it('says what to look at when nothing listens there, or the host is unknown', async () => {
    await new Promise((resolve) => server.close(resolve));
    await expect(tcpTransport('127.0.0.1', port).open(ignore, never)).rejects.toThrow(
      /refuses the connection.*PORT_ABSENT/,
    );
    await expect(tcpTransport('256.256.256.256', port).open(ignore, never)).rejects.toThrow(/PORT_(ABSENT|FAILED)/);
  });

  it('gives the connecting up when it is told so', async () => {
    const abort = new AbortController();
    // TEST-NET-1 of RFC 5737: nobody answers there.
    const opening = tcpTransport('192.0.2.1', 4001).open(ignore, abort.signal);
    abort.abort();
    await expect(opening).rejects.toThrow('ABORTED');
    await expect(tcpTransport('127.0.0.1', port).open(ignore, abort.signal)).rejects.toThrow('ABORTED');
  });

  it('takes a peer that reads nothing for lost, within a limit and a bound', async () => {
    sockets = [];
    server.on('connection', (socket) => socket.pause());
    const piece = Buffer.alloc(64 * 1024);
    /** Fills what the operating system holds of both ends, until a piece waits in this process. */
    const fill = async (connection: Connection) => {
      for (;;) {
        const waiting = { stuck: connection.write(piece), isTaken: false };
        const taken = waiting.stuck.then(() => {
          waiting.isTaken = true;
        });
        taken.catch(() => {});
        await Promise.race([taken, quiet()]);
        if (!waiting.isTaken) return waiting;
      }
    };
    /** A while in which nothing happens: after a halt of this process a write that was taken meanwhile tells so first. */
    const quiet = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    };
    const open = async () => {
      const clock = new FakeClock();
      const losses: Error[] = [];
      const lost = (error: Error): void => void losses.push(error);
      const connection = await tcpTransport('127.0.0.1', port, { clock }).open({ data: () => {}, lost }, never);
      return { clock, losses, connection };
    };
    const patient = await open();
    let waiting: Awaited<ReturnType<typeof fill>>;
    // The operating system may find room for the piece later than that: then the next one is the first that waits.
    do {
      waiting = await fill(patient.connection);
      await patient.clock.advance(9_999);
      expect(patient.losses).toEqual([]);
      await patient.clock.advance(1);
    } while (waiting.isTaken);
    expect(patient.losses.map(({ message }) => message)).toEqual([
      `tcp://127.0.0.1:${port} takes no more bytes: the other side hangs, or its serial line is held by flow control (PORT_FAILED)`,
    ]);
    await expect(waiting.stuck).rejects.toThrow('PORT_FAILED');
    await patient.connection.close();

    const greedy = await open();
    await fill(greedy.connection);
    // 1 MiB may wait; as much again for what the operating system may still find room for.
    const writes = Array.from({ length: 32 }, () => greedy.connection.write(piece));
    const results = await Promise.allSettled(writes);
    expect(results.slice(16).every(({ status }) => status === 'rejected')).toBe(true);
    expect(greedy.losses).toHaveLength(1);
    expect([patient.clock.pending, greedy.clock.pending]).toEqual([0, 0]);
    await greedy.connection.close();
  });

  it('probes a silent peer after ten seconds', async () => {
    const began = performance.now();
    const connection = await tcpTransport('localhost', port).open(ignore, never);
    await eventually(() => sockets.length === 1, 'the connection');
    // /proc/net/tcp of Linux: the timer that runs (2 is that of keep-alive), and how many 1/100 s are left of it.
    const socket = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .find(([, local]) => local?.endsWith(`:${hexPort(sockets[0]?.remotePort)}`));
    const [timer, left] = socket?.[5]?.split(':').map((number) => Number.parseInt(number, 16)) ?? [];
    expect(timer).toBe(2);
    const passed = (performance.now() - began) / 10;
    expect(left).toBeGreaterThan(990 - passed);
    expect(left).toBeLessThanOrEqual(1_000);
    await connection.close();
  });

  it('says so of a host with several addresses too', async () => {
    await new Promise((resolve) => server.close(resolve));
    await expect(tcpTransport('localhost', port).open(ignore, never)).rejects.toThrow(/refuses the connection/);
    const each = new AggregateError([new Error('no route to ::1'), new Error('no answer of 127.0.0.1')]);
    expect(socketReason(each)).toBe('no route to ::1, no answer of 127.0.0.1');
  });
});

const hexPort = (port = 0): string => port.toString(16).toUpperCase().padStart(4, '0');

describe('unixTransport', () => {
  let folder: string;
  let path: string;
  let server: Server;
  const serve = async (): Promise<void> => {
    server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes: Buffer) => socket.write(`${bytes}!`));
    });
    server.listen(path);
    await once(server, 'listening');
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'labwire-unix-'));
    path = join(folder, 'sensor.sock');
  });
  afterEach(() => {
    server?.close();
    rmSync(folder, { recursive: true });
  });

  it('passes bytes both ways', async () => {
    await serve();
    let received = '';
    const data = (bytes: Buffer): void => {
      received += bytes.toString();
    };
    const transport = unixTransport(path);
    expect(transport.name).toBe(`unix:${path}`);
    const connection = await transport.open({ data, lost: () => {} }, never);
    await connection.write(Buffer.from('question'));
    await eventually(() => received === 'question!', 'the answer');
    await connection.close();
    await expect(connection.write(Buffer.from('x'))).rejects.toThrow('PORT_CLOSED');
  });

  it('says what to do when there is no socket, none who listens, or no permission', async () => {
    const refusal = (): Promise<string> =>
      unixTransport(path)
        .open(ignore, never)
        .then(
          () => 'open',
          (error: Error) => error.message,
        );
    expect(await refusal()).toMatch(/^There is no socket .*sensor\.sock: start the program.*PORT_ABSENT/);
    writeFileSync(path, '');
    expect(await refusal()).toMatch(/^Nobody listens at the socket .*PORT_ABSENT/);
    rmSync(path);
    path = join(folder, 'x'.repeat(200));
    expect(await refusal()).toMatch(/is longer than the \d+ bytes .*PORT_FAILED/);
  });

  it('says who may open a socket that is not ours', async () => {
    await serve();
    chmodSync(path, 0o000);
    // Root may open anything.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(unixTransport(path).open(ignore, never)).rejects.toThrow(
        /No permission to open the socket .*PORT_DENIED/,
      );
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it('is opened at once when its path appears, again and again', async () => {
    const port = new Port({ transport: unixTransport(path), clock: systemClock, log: silentLogger, settleMs: 1 });
    port.start();
    await eventually(() => port.state === 'waiting', 'the first attempt');
    for (let round = 1; round <= 5; round++) {
      const child = spawn(process.execPath, [
        '-e',
        `require('net').createServer(() => {}).listen(${JSON.stringify(path)}, () => console.log('listening'))`,
      ]);
      await once(child.stdout, 'data');
      await eventually(() => port.state === 'open', 'the opening');
      child.kill('SIGKILL');
      await eventually(() => port.state !== 'open', 'the loss');
      rmSync(path);
    }
    expect(port.counters).toMatchObject({ opens: 5, losses: 5 });
    await port.stop();
  });
});
