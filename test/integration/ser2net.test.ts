import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { LakeShore218Emulator } from '../../mocks/index.ts';
import { ConditionLost, FakeClock, type LabwireError, silentLogger, systemClock } from '../../src/base/index.ts';
import {
  Bus,
  lines,
  Port,
  type QueryOptions,
  rfc2217Transport,
  type SerialSettings,
  serveEmulator,
  tcpTransport,
} from '../../src/port/index.ts';
import { eventually } from '../port/eventually.ts';
import { type Ser2netMode, startSer2net } from './services.ts';

const run = promisify(execFile);
const never = new AbortController().signal;
const RETURN_LIMIT_MS = 20_000;
/** Of a question that is never answered. */
const SHORT = { replyMs: 1_000 };

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
});

/** A Lake Shore 218 on a pseudo-terminal, ser2net in front of it, and labwire's port and link in front of that. */
async function setUp(mode: Ser2netMode, settings: SerialSettings = {}) {
  const emulator = new LakeShore218Emulator();
  const served = await serveEmulator(() => emulator, { pty: undefined });
  cleanUp.push(served.stop);
  const ser2net = await startSer2net(served.address, mode);
  cleanUp.push(ser2net.stop);
  const transport =
    mode === 'raw' ? tcpTransport('127.0.0.1', ser2net.port) : rfc2217Transport('127.0.0.1', ser2net.port, settings);
  const port = new Port({ transport, clock: systemClock, log: silentLogger });
  cleanUp.push(() => port.stop());
  // Stands still but in `ask()`: whatever holds up a process, no limit is over before what the test waits for.
  const clock = new FakeClock();
  const bus = new Bus({ port, clock });
  const link = bus.link({ framing: lines({ send: '\r\n' }), timing: { replyMs: 60_000, retries: 0 } });
  /** Asks, and lets time pass, no faster than that of the machine. */
  const ask = async (question: string, options?: QueryOptions): Promise<string> => {
    let isOver = false;
    const asking = link.query(question, options).finally(() => {
      isOver = true;
    });
    asking.catch(() => {});
    while (!isOver) {
      await clock.advance(10);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return asking;
  };
  const opened = (): Promise<void> => eventually(() => port.state === 'open', 'the opening', RETURN_LIMIT_MS);
  return { emulator, device: served.address, ser2net, transport, port, link, ask, opened };
}

describe.each<Ser2netMode>(['raw', 'rfc2217'])('an instrument behind ser2net (%s)', (mode) => {
  it('answers', async () => {
    const { port, ask, opened } = await setUp(mode);
    port.start();
    await opened();
    expect(await ask('*IDN?')).toBe('LSCI,MODEL218S,LSA0042,1.3');
    expect(await ask('KRDG? 1')).toBe('+004.213');
    expect(port.counters).toMatchObject({ opens: 1, losses: 0 });
  });

  it('comes back by itself when ser2net was killed and started again, without a byte of before', async () => {
    const { emulator, ser2net, port, link, ask, opened } = await setUp(mode);
    port.start();
    await opened();
    for (let round = 1; round <= 3; round++) {
      expect(await ask('KRDG? 1')).toBe('+004.213');
      emulator.powered = false;
      const unanswered = link.query('KRDG? 2', SHORT);
      unanswered.catch(() => {});
      await ser2net.kill('SIGKILL');
      await expect(unanswered).rejects.toThrow(ConditionLost);
      expect(port.state).not.toBe('open');
      await expect(link.query('KRDG? 3')).rejects.toThrow(ConditionLost);
      emulator.powered = true;
      await ser2net.start();
      await opened();
      expect(await ask('KRDG? 4')).toBe('+039.800');
      expect(port.counters).toMatchObject({ opens: round + 1, losses: round });
    }
  });

  it('gives no answer of before the loss to a question after it', async () => {
    const { emulator, device, ser2net, port, link, ask, opened } = await setUp(mode);
    port.start();
    await opened();
    emulator.powered = false;
    const unanswered = link.query('KRDG? 1', SHORT);
    unanswered.catch(() => {});
    await ser2net.kill('SIGKILL');
    await expect(unanswered).rejects.toThrow(ConditionLost);
    // The answer comes while nobody has the device open: it lies in its buffer when ser2net returns.
    emulator.powered = true;
    await run('sh', ['-c', `printf 'KRDG? 5\\r\\n' > '${device}'`]);
    await ser2net.start();
    await opened();
    expect(await ask('KRDG? 6')).toBe('+077.900');
    expect(await ask('KRDG? 7')).toBe('+150.000');
  });

  it('times out while ser2net hangs, and answers each question its own when it goes on', async () => {
    const { ser2net, port, ask, opened } = await setUp(mode);
    port.start();
    await opened();
    ser2net.pause();
    await expect(ask('KRDG? 1', SHORT)).rejects.toThrow('REPLY_TIMEOUT');
    const late = new Promise<void>((resolve) => void port.onData(() => resolve()));
    ser2net.resume();
    await late;
    expect(await ask('KRDG? 8')).toBe('+295.400');
    expect(await ask('KRDG? 7')).toBe('+150.000');
  });
});

describe('the line behind ser2net', () => {
  const ignore = { data: () => {}, lost: () => {} };

  it('is set to what the instrument needs', async () => {
    const { device, transport } = await setUp('rfc2217', { baudRate: 19_200, dataBits: 7, parity: 'odd', stopBits: 2 });
    const connection = await transport.open(ignore, never);
    const { stdout } = await run('stty', ['-F', device, '-a']);
    // A pseudo-terminal takes the rest, and keeps 8 bits and no parity bit.
    expect(stdout).toMatch(/speed 19200 baud/);
    expect(stdout).toMatch(/(?<!-)parodd/);
    expect(stdout).toMatch(/(?<!-)cstopb/);
    await connection.close();
  });

  it('cannot be set to what ser2net does not know, and says so', async () => {
    const { transport } = await setUp('rfc2217', { stopBits: 1.5 });
    await expect(transport.open(ignore, never)).rejects.toThrow(/stop bits, where 1.5 was asked.*PORT_FAILED/);
  });

  it('may lack control lines and break', async () => {
    const { transport } = await setUp('rfc2217', { dtr: false, rts: false, breakMs: 1 });
    await (await transport.open(ignore, never)).close();
  });

  it('serves one client, and the second learns why it does not', async () => {
    const { ser2net, transport } = await setUp('rfc2217');
    const first = await transport.open(ignore, never);
    const refused = await rfc2217Transport('127.0.0.1', ser2net.port)
      .open(ignore, never)
      .catch((error: LabwireError) => error);
    expect((refused as LabwireError).message).toMatch(/serves another client.*PORT_FAILED/);
    await first.close();
  });
});
