import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { BindingInterface } from '@serialport/bindings-cpp';
import { describe, expect, it } from 'vitest';
import { FakeClock, LabwireError, silentLogger, systemClock } from '../../../src/base/index.ts';
import { Bus, type Connection, lines, Port, Pty, serialTransport } from '../../../src/port/index.ts';
import { eventually } from '../eventually.ts';
import { recordingBinding } from './recording-binding.ts';

const never = new AbortController().signal;
const ignore = { data: () => {}, lost: () => {} };

/** A pseudo-terminal whose instrument answers each line with the same line. */
function echoing(link?: string): Pty {
  const pty = Pty.open(link === undefined ? {} : { link });
  pty.onData((bytes) => pty.write(bytes));
  return pty;
}

const fds = (): number => readdirSync('/proc/self/fd').length;

describe('serialTransport', () => {
  it('asks the system for exactly the line settings of the instrument, locked, and without dropping DTR', async () => {
    const { binding, opened } = recordingBinding();
    const transport = serialTransport('/dev/ttyTEST', { baudRate: 9600, dataBits: 7, parity: 'odd' }, { binding });
    const connection = await transport.open(ignore, never);
    await connection.write(Buffer.from('KRDG? 0\r\n'));
    await connection.close();
    expect(opened).toEqual([
      {
        path: '/dev/ttyTEST',
        baudRate: 9600,
        dataBits: 7,
        parity: 'odd',
        stopBits: 1,
        rtscts: false,
        xon: false,
        xoff: false,
        xany: false,
        hupcl: false,
        lock: true,
      },
    ]);
  });

  it('passes flow control and hupcl on where they are asked for', async () => {
    const { binding, opened } = recordingBinding();
    const settings = { baudRate: 1200, stopBits: 2, rtscts: true, xon: true, hupcl: true } as const;
    const connection = await serialTransport('/dev/ttyTEST', settings, { binding }).open(ignore, never);
    await connection.close();
    expect(opened[0]).toMatchObject({ baudRate: 1200, stopBits: 2, rtscts: true, xon: true, xoff: true, hupcl: true });
  });

  it('says in words of a technician why a port does not open', async () => {
    const refusal = async (message: string): Promise<LabwireError> => {
      const { binding } = recordingBinding(async () => {
        throw new Error(message);
      });
      const error = await serialTransport('/dev/null', {}, { binding })
        .open(ignore, never)
        .catch((thrown) => thrown);
      expect(error).toBeInstanceOf(LabwireError);
      return error;
    };
    expect((await refusal('Error: No such file or directory, cannot open /dev/null')).code).toBe('PORT_ABSENT');
    expect((await refusal('Error Resource temporarily unavailable Cannot lock port')).code).toBe('PORT_BUSY');
    expect((await refusal('Error: Device or resource busy, cannot open /dev/null')).code).toBe('PORT_BUSY');
    const denied = await refusal('Error: Permission denied, cannot open /dev/null');
    expect(denied.message).toBe(
      'No permission to open /dev/null: run labwire as a user who may read and write it (PORT_DENIED)',
    );
    expect((await refusal('Invalid parity setting 3')).message).toContain('Invalid parity setting 3');
  });

  it('reports what the operating system says of real paths', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'labwire-serial-'));
    const plain = join(folder, 'plain.txt');
    writeFileSync(plain, '');
    const code = (path: string) =>
      serialTransport(path)
        .open(ignore, never)
        .then(
          (connection) => connection.close().then(() => 'open'),
          (error: LabwireError) => error.code,
        );
    expect(await code(join(folder, 'ttyUSB0'))).toBe('PORT_ABSENT');
    expect(await code(plain)).toBe('PORT_FAILED');
    const pty = Pty.open();
    const first = await serialTransport(pty.path).open(ignore, never);
    expect(await code(pty.path)).toBe('PORT_BUSY');
    await first.close();
    expect(await code(pty.path)).toBe('open');
    pty.close();
    rmSync(folder, { recursive: true });
  });

  it('takes a write amid an unplug for a lost port, not for one that was never open', async () => {
    const { binding } = recordingBinding();
    let unplug: (() => void) | undefined;
    const vanishing: BindingInterface = {
      list: async () => [],
      open: async (options) =>
        Object.assign(await binding.open(options), {
          read: () =>
            new Promise<never>((_resolve, reject) => {
              unplug = () => reject(Object.assign(new Error('Port disconnected'), { disconnect: true }));
            }),
          // The system takes its time, and the stream tells of the unplug only then.
          close: () => new Promise<void>(() => {}),
        }),
    };
    const connection = await serialTransport('/dev/ttyTEST', {}, { binding: vanishing }).open(ignore, never);
    await eventually(() => unplug !== undefined, 'the first read');
    unplug?.();
    await new Promise((resolve) => setImmediate(resolve));
    await expect(connection.write(Buffer.from('T?'))).rejects.toThrow('was lost; check cable and power (PORT_FAILED)');
    await expect(connection.flush()).rejects.toThrow('PORT_FAILED');
  });

  it('gives an opening up at once when it is told so, closes it when it comes, and opens no second one meanwhile', async () => {
    let finish = (): void => {};
    const { binding, opened, closes } = recordingBinding(() => new Promise((resolve) => (finish = resolve)));
    const transport = serialTransport('/dev/ttyTEST', {}, { binding });
    const abort = new AbortController();
    const opening = transport.open(ignore, abort.signal);
    await eventually(() => opened.length === 1, 'the first opening');
    abort.abort();
    await expect(opening).rejects.toThrow('ABORTED');
    const second = transport.open(ignore, never);
    await new Promise((resolve) => setImmediate(resolve));
    expect(opened).toHaveLength(1);
    finish();
    await eventually(() => opened.length === 2, 'the second opening');
    expect(closes()).toBe(1);
    finish();
    await (await second).close();
  });

  it('holds no more memory however often an opening is tried while the first hangs in the driver', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { binding, opened } = recordingBinding(() => new Promise<void>(() => {}));
    const transport = serialTransport('/dev/ttyTEST', {}, { binding });
    const heldAfter = async (attempts: number): Promise<number> => {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const abort = new AbortController();
        const opening = transport.open(ignore, abort.signal).catch((error: LabwireError) => error.code);
        await new Promise((resolve) => setImmediate(resolve));
        abort.abort();
        expect(await opening).toBe('ABORTED');
      }
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await heldAfter(200);
    expect((await heldAfter(4_000)) - before).toBeLessThan(500_000);
    expect(opened).toHaveLength(1);
  });

  it('never writes to a closed connection', async () => {
    const pty = Pty.open();
    let received = '';
    pty.onData((bytes) => {
      received += bytes.toString();
    });
    const transport = serialTransport(pty.path);
    const first = await transport.open(ignore, never);
    await first.write(Buffer.from('first '));
    await eventually(() => received === 'first ', 'the first arrival');
    await first.close();
    await first.close();
    await expect(first.write(Buffer.from('lost '))).rejects.toThrow('PORT_CLOSED');
    await expect(first.flush()).rejects.toThrow('PORT_CLOSED');
    const second = await transport.open(ignore, never);
    await second.write(Buffer.from('second'));
    await eventually(() => received.endsWith('second'), 'the arrival');
    expect(received).toBe('first second');
    await second.close();
    pty.close();
  });

  it('sees each of twenty unplugs that come right after traffic, and leaves no file descriptor', async () => {
    const before = fds();
    let lost = 0;
    for (let round = 0; round < 20; round++) {
      const pty = echoing();
      let received = 0;
      const connection: Connection = await serialTransport(pty.path).open(
        {
          data: (bytes) => {
            received += bytes.length;
          },
          lost: () => {
            lost++;
          },
        },
        never,
      );
      for (let message = 1; message <= 5; message++) {
        await connection.write(Buffer.from('0123456789'));
        await eventually(() => received === message * 10, 'the echo');
      }
      if (round % 2 === 0) pty.write(Buffer.from('traffic'));
      pty.close();
      await eventually(() => lost === round + 1, `unplug ${round + 1}`);
      await connection.close();
    }
    await eventually(() => fds() === before, 'the return of all file descriptors');
    expect(lost).toBe(20);
  });
});

describe('a port on a real tty', () => {
  it('comes back by itself on another device, with nothing of the time before', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'labwire-replug-'));
    const path = join(folder, 'by-id', 'usb-Sensor');
    const before = fds();
    const port = new Port({ transport: serialTransport(path), clock: systemClock, log: silentLogger, settleMs: 5 });
    const drops: string[] = [];
    // Held, so that no limit of a question ends one while this process is halted.
    const clock = new FakeClock();
    const link = new Bus({ port, clock }).link({
      framing: lines({ send: '\n' }),
      timing: { replyMs: 500 },
      onDrop: (reason) => drops.push(reason),
    });
    port.start();
    await eventually(() => port.state === 'waiting', 'the first attempt');

    const asked: string[] = [];
    const plug = (name: string): Pty => {
      const pty = Pty.open({ link: join(folder, name) });
      let begun = '';
      pty.onData((bytes) => {
        begun += bytes.toString();
        for (let end = begun.indexOf('\n'); end !== -1; end = begun.indexOf('\n')) {
          asked.push(begun.slice(0, end));
          if (!begun.startsWith('silent')) pty.write(Buffer.from(`${name} ${begun.slice(0, end)}\n`));
          begun = begun.slice(end + 1);
        }
      });
      return pty;
    };

    const first = plug('tty1');
    mkdirSync(join(folder, 'by-id'));
    symlinkSync(first.path, path);
    await eventually(() => port.state === 'open', 'the opening');
    expect(await link.query('a?')).toBe('tty1 a?');
    const unanswered = link.query('silent');
    unanswered.catch(() => {});
    await eventually(() => asked.includes('silent'), 'the question');
    rmSync(join(folder, 'by-id'), { recursive: true });
    first.close();
    await expect(unanswered).rejects.toThrow('CONDITION_LOST');
    expect(port.state).not.toBe('open');

    const second = plug('tty2');
    mkdirSync(join(folder, 'by-id'));
    symlinkSync(second.path, path);
    await eventually(() => port.state === 'open', 'the return');
    const next = link.query('b?');
    // It waits until the answer to the one that was cut off would have come.
    await clock.advance(2_000);
    expect(await next).toBe('tty2 b?');
    expect(asked).toEqual(['a?', 'silent', 'b?']);
    expect(drops).toEqual([]);

    await port.stop();
    second.close();
    // One more: the process keeps what it watches folders with.
    await eventually(() => fds() <= before + 1, 'the return of the file descriptors');
    rmSync(folder, { recursive: true });
  });
});
