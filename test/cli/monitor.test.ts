import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LakeShore218Emulator } from '../../mocks/index.ts';
import { silentLogger, systemClock } from '../../src/base/index.ts';
import { runCli } from '../../src/cli/program.ts';
import {
  Bus,
  lines,
  memoryLine,
  Port,
  Pty,
  readTranscript,
  type ServedEmulator,
  serveEmulator,
} from '../../src/port/index.ts';
import { HttpServer } from '../../src/server/index.ts';
import { lengthenLimits } from '../long-limits.ts';
import { type RecordingIo, recordingIo } from './recording-io.ts';

let folder: string;
const endings: (() => unknown)[] = [];

beforeEach(() => {
  lengthenLimits();
  folder = mkdtempSync(join(tmpdir(), 'labwire-monitor-'));
  // Its gateway's address is not known, so none that happens to run here is asked.
  writeFileSync(join(folder, 'labwire.yaml'), 'server: { port: 0 }\n');
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  for (const end of endings.splice(0).reverse()) await end();
  rmSync(folder, { recursive: true });
});

/** A command that runs until the test ends. */
function monitor(...args: string[]): { io: RecordingIo; ended: Promise<number>; said: () => string } {
  const io = recordingIo();
  const config = args.includes('--config') ? [] : ['--config', join(folder, 'labwire.yaml')];
  const ended = runCli(['monitor', ...args, ...config], io);
  endings.push(() => {
    io.stop();
    return ended;
  });
  return { io, ended, said: () => io.out.join('\n') };
}

/** One that ends by itself. */
async function refused(...args: string[]): Promise<{ status: number; err: string }> {
  const { io, ended } = monitor(...args);
  const status = await ended;
  return { status, err: io.err.join('\n') };
}

const has = (text: () => string, pattern: RegExp | string): Promise<void> =>
  vi.waitFor(() => expect(text()).toMatch(pattern));

/** A gateway with one device that is asked by the test. */
async function gateway(name = 'cryostat') {
  const { line, transport } = memoryLine('/dev/ttyUSB7');
  const instrument = new LakeShore218Emulator();
  instrument.connect(line);
  const open = async () => {
    const port = new Port({ transport, clock: systemClock, log: silentLogger, settleMs: 0 });
    const link = new Bus({ port, clock: systemClock }).link({
      framing: lines({ send: '\r\n' }),
      timing: { replyMs: 60_000 },
    });
    port.start();
    await port.opened(AbortSignal.timeout(30_000));
    return { port, link };
  };
  let current = await open();
  const server = new HttpServer({
    health: () => ({ ok: true }),
    ports: {
      names: () => [name],
      find: (asked) => {
        if (asked !== name) return undefined;
        const { port } = current;
        const serial = { baudRate: 9600, dataBits: 7, parity: 'odd' };
        return {
          name: port.name,
          get state() {
            return port.state;
          },
          counters: port.counters,
          serial,
          traffic: port.traffic,
        };
      },
    },
  });
  await server.start({ host: '127.0.0.1', port: 0 });
  endings.push(
    () => current.port.stop(),
    () => server.stop(),
  );
  return {
    url: server.address as string,
    query: (text: string) => current.link.query(text),
    stopServer: () => server.stop(),
    restartDevice: async () => {
      await current.port.stop();
      current = await open();
    },
  };
}

async function instrumentOnPty(name: string): Promise<{ path: string; served: ServedEmulator }> {
  const path = join(folder, name);
  const served = await serveEmulator(() => new LakeShore218Emulator(), { pty: path });
  endings.push(() => served.stop());
  return { path, served };
}

describe('labwire monitor, from a gateway', () => {
  it('shows what went over the port before, and what comes', async () => {
    const { url, query } = await gateway();
    await query('KRDG? 1');
    const { io, ended, said } = monitor('cryostat', '--url', url);
    await has(said, /→ {2}4b 52 44 47 3f 20 31 0d 0a {24}KRDG\? 1\\r\\n/);
    await has(said, /= {2}\+004\.213$/m);
    expect(io.out[0]).toBe(
      `cryostat, /dev/ttyUSB7, 9600 baud, 7-O-1, open, from the gateway at ${url}; Ctrl-C ends it`,
    );
    await query('*IDN?');
    await has(said, /= {2}LSCI,MODEL218S,LSA0042,1\.3$/m);
    io.stop();
    expect(await ended).toBe(0);
    expect(io.err).toEqual([]);
    expect(said()).not.toContain('\u001b');
  });

  it('goes on when the device is restarted, and shows nothing twice', async () => {
    const { url, query, restartDevice } = await gateway();
    await query('KRDG? 1');
    const { io, said } = monitor('cryostat', '--url', url, '--text');
    await has(said, /= {2}\+004\.213$/m);
    await restartDevice();
    await query('KRDG? 2');
    await has(said, /= {2}\+004\.350$/m);
    expect(said().match(/→ {2}KRDG\? 1/g)).toHaveLength(1);
    expect(io.err).toEqual(['cryostat: its gateway has nothing more to say of it; waiting for more']);
  });

  it('waits for a gateway that goes, and ends all the same', async () => {
    const { url, stopServer } = await gateway();
    const { io, ended, said } = monitor('cryostat', '--url', url);
    await has(said, /• {2}open/);
    await stopServer();
    await has(() => io.err.join('\n'), /nothing more to say.*\n.*ECONNREFUSED/);
    io.stop();
    expect(await ended).toBe(0);
  });

  it('prints JSON for machines, a line each', async () => {
    const { url, query } = await gateway();
    await query('KRDG? 1');
    const { io } = monitor('cryostat', '--url', url, '--json');
    await vi.waitFor(() => expect(io.out.join()).toContain('frame'));
    expect(io.out.map((line) => JSON.parse(line))).toContainEqual({
      sequence: expect.any(Number),
      at: expect.stringMatching(/^\d{4}-.*\.\d{6}Z$/),
      kind: 'sent',
      hex: '4b5244473f20310d0a',
    });
  });

  it('is in colours on a terminal only, and without them where NO_COLOR is set', async () => {
    const { url } = await gateway();
    for (const [io, coloured] of [
      [recordingIo({ outputTerminal: true }), true],
      [recordingIo({ outputTerminal: true, env: { NO_COLOR: '1' } }), false],
    ] as const) {
      const ended = runCli(['monitor', 'cryostat', '--url', url], io);
      await has(() => io.out.join('\n'), /• {2}open/);
      io.stop();
      await ended;
      expect(io.out.join('\n').includes('\u001b[2m')).toBe(coloured);
    }
  });

  it('finds the gateway by the configuration', async () => {
    const { url, query } = await gateway();
    writeFileSync(
      join(folder, 'labwire.yaml'),
      `server: { host: 0.0.0.0, port: ${new URL(url).port}, tokens: tokens.json }\n`,
    );
    await query('KRDG? 1');
    const { said } = monitor('cryostat');
    await has(said, /KRDG\? 1/);
  });

  it('finds a port also by another path that leads to it', async () => {
    const link = join(folder, 'by-id');
    symlinkSync('/dev/null', link);
    const { url, query } = await gateway(link);
    const devices = `devices:\n  cryostat: { model: lakeshore-218, port: { path: ${link} } }\n`;
    writeFileSync(join(folder, 'labwire.yaml'), `server: { port: ${new URL(url).port} }\n${devices}`);
    await query('KRDG? 1');
    const { said } = monitor('/dev/null');
    await has(said, /KRDG\? 1/);
  });

  it('says which devices a gateway has when it is asked for another', async () => {
    const { url } = await gateway();
    const { status, err } = await refused('oven', '--url', url);
    expect(status).toBe(2);
    expect(err).toContain('There is no port "oven" here; there are cryostat');
  });

  it('says that no gateway answers', async () => {
    const { url, stopServer } = await gateway();
    await stopServer();
    const { status, err } = await refused('cryostat', '--url', url);
    expect(status).toBe(1);
    expect(err).toContain(`No gateway answers at ${url}`);
    expect(err).toContain('(GATEWAY_UNREACHABLE)');
  });

  describe('that is none', () => {
    let server: Server;
    const serve = async (answer: RequestListener): Promise<string> => {
      server = createServer(answer);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      endings.push(() => {
        server.closeAllConnections();
        server.close();
      });
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    };
    const facts = '{"port":"x","state":"open","ring":"r"}\n';

    it('is asked as its address says, by the path of a proxy and with user and password, which are not shown', async () => {
      const asked: unknown[] = [];
      const url = await serve(({ url: path, headers }, response) => {
        asked.push([path, headers.authorization]);
        response.writeHead(200).write(facts);
      });
      const { said } = monitor('cryostat', '--url', url.replace('//', '//ada:secret@').concat('/lab/'));
      await has(said, /from the gateway at/);
      expect(asked).toEqual([['/lab/api/v1/ports/cryostat/traffic', `Basic ${btoa('ada:secret')}`]]);
      expect(said()).not.toContain('secret');
    });

    it.each([
      ['a page', 200, '<html>\n'],
      ['a page of its own for what is missing', 404, '<html>\n'],
      ['nothing with a status', 500, ''],
      ['nothing', 200, ''],
      ['JSON of another kind', 200, '{}\n'],
    ])('is told from a gateway when it sends %s, and a free port is opened all the same', async (_, status, text) => {
      const url = await serve((_request, response) => {
        response.writeHead(status).end(text);
      });
      const outcome = await refused('cryostat', '--url', url);
      expect(outcome.status).toBe(1);
      expect(outcome.err).toMatch(/is no gateway of labwire.*\(GATEWAY_UNREACHABLE\)/);
      writeFileSync(join(folder, 'labwire.yaml'), `server: { port: ${new URL(url).port} }\n`);
      const { path } = await instrumentOnPty('tty');
      await has(monitor(path).said, /• {2}open$/m);
    });

    it.each([
      ['lines of another kind', `{"sequence":1}\n`],
      ['a line without an end', 'x'.repeat(300_000)],
      ['hex that is none', '{"sequence":1,"at":"2026-11-24T03:40:00.000000Z","kind":"sent","hex":"zz"}\n'],
      ['a time that is none', '{"sequence":1,"at":"yesterday","kind":"sent","hex":"00"}\n'],
    ])('ends the monitor when it goes on with %s', async (_, text) => {
      const url = await serve((_request, response) => {
        response.writeHead(200).end(facts + text);
      });
      const outcome = await refused('cryostat', '--url', url);
      expect(outcome.status).toBe(1);
      expect(outcome.err).toMatch(/cannot be read.*\(GATEWAY_REFUSED\)/);
    });

    it('is waited for 3 s when it begins an answer and says nothing', async () => {
      const url = await serve((_request, response) => {
        response.writeHead(200).flushHeaders();
      });
      vi.restoreAllMocks();
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const outcome = refused('cryostat', '--url', url);
      // One for the answer's beginning, then one for its first line.
      const begun = vi.spyOn(globalThis, 'clearTimeout');
      while (begun.mock.calls.length === 0) await setImmediate();
      await vi.advanceTimersByTimeAsync(3_000);
      expect(await outcome).toEqual({ status: 1, err: expect.stringContaining('it says nothing') });
    });

    it('is told with the words of a refusal, made harmless', async () => {
      const url = await serve((_request, response) => {
        response
          .writeHead(403)
          .end(`${JSON.stringify({ error: { code: 'FORBIDDEN', message: 'not from here \u001b[2J' } })}\n`);
      });
      const { status, err } = await refused('cryostat', '--url', url);
      expect(status).toBe(1);
      expect(err).toContain('says: not from here \\u{1b}[2J (GATEWAY_REFUSED)');
    });
  });
});

describe('labwire monitor, of a free port', () => {
  it('opens it as its model needs it, and shows what comes and its frames', async () => {
    const path = join(folder, 'tty');
    const pty = Pty.open({ link: path });
    endings.push(() => pty.close());
    const { io, ended, said } = monitor(path, '--model', 'lakeshore-218', '--stop-bits', '2');
    await has(said, /• {2}open$/m);
    pty.write(Buffer.from('+004.213\r\n'));
    await has(said, /← {2}2b 30 30 34 2e 32 31 33 0d 0a .*\+004\.213\\r\\n\n.*= {2}\+004\.213$/m);
    expect(io.out[0]).toBe(`${path}, 9600 baud, 7-O-2, opening, opened by this command; Ctrl-C ends it`);
    io.stop();
    expect(await ended).toBe(0);
  });

  it('opens that of a device that a configuration names, with its settings', async () => {
    const { path } = await instrumentOnPty('tty');
    const file = join(folder, 'site.yaml');
    writeFileSync(
      file,
      `server: { port: 0 }\ndevices:\n  cryostat: { model: lakeshore-218, port: { path: ${path} } }\n`,
    );
    for (const name of ['cryostat', path]) {
      const { io, ended, said } = monitor(name, '--config', file);
      await has(said, /• {2}open$/m);
      expect(io.out[0]).toContain('9600 baud, 7-O-1');
      io.stop();
      expect(await ended).toBe(0);
    }
  });

  it('says that another program has it', async () => {
    const { path } = await instrumentOnPty('tty');
    const { said } = monitor(path);
    await has(said, /• {2}open$/m);
    const { status, err } = await refused(path);
    expect(status).toBe(1);
    expect(err).toMatch(/has .*tty.*--url.*\(PORT_BUSY\)/);
  });

  it.each([
    [['/dev/there-is-none'], 1, 'PORT_ABSENT'],
    [['oven'], 2, 'No gateway answers that has a device or port "oven"'],
    [['/dev/x', '--model', 'lakeshore-281'], 2, 'Did you mean "lakeshore-218"?'],
    [['/dev/x', '--baud-rate', '0'], 2, 'whole number from 50 to 4000000'],
    [['/dev/x', '--data-bits', '9'], 2, 'one of 5, 6, 7, 8'],
    [['/dev/x', '--url', 'mqtt://x'], 2, 'It must be a URL'],
    [['/dev/x', '--url', 'http://x', '--model', 'line'], 2, 'cannot be used with'],
    [['/dev/x', '--hex', '--json'], 2, 'cannot be used with'],
  ])('refuses %j with status %i', async (args, status, message) => {
    const outcome = await refused(...args);
    expect(outcome).toEqual({ status, err: expect.stringContaining(message) });
  });

  it('says which devices there are', async () => {
    const file = join(folder, 'site.yaml');
    writeFileSync(file, 'server: { port: 0 }\ndevices:\n  gps: { model: nmea0183, port: { emulated: true } }\n');
    const { err } = await refused('oven', '--config', file);
    expect(err).toContain('There are gps. A port that is not configured is named by its path.');
  });

  it('refuses an emulated device, whose line nobody else can open', async () => {
    const file = join(folder, 'site.yaml');
    writeFileSync(file, 'server: { port: 0 }\ndevices:\n  gps: { model: nmea0183, port: { emulated: true } }\n');
    expect(await refused('gps', '--config', file)).toEqual({ status: 2, err: expect.stringContaining('is emulated') });
  });

  it.each([
    ['that is not there', undefined],
    ['with mistakes', 'server: { port: x }'],
  ])('leaves aside a configuration %s, and says so', async (_, text) => {
    const { path } = await instrumentOnPty('tty');
    const file = join(folder, 'site.yaml');
    if (text !== undefined) writeFileSync(file, text);
    const { io, said } = monitor(path, '--config', file);
    await has(said, /• {2}open$/m);
    expect(io.err).toEqual([`${file} cannot be used and is left aside; \`labwire check\` says why`]);
  });
});

describe('labwire monitor --record', () => {
  it('writes a transcript as it happens', async () => {
    const { url, query } = await gateway();
    await query('KRDG? 1');
    const file = join(folder, 'session.jsonl');
    writeFileSync(file, '');
    const { io, ended, said } = monitor('cryostat', '--url', url, '--record', file);
    await has(said, /= {2}\+004\.213$/m);
    const recorded = readTranscript(readFileSync(file, 'utf8'));
    expect(recorded).toMatchObject({ port: '/dev/ttyUSB7', serial: { baudRate: 9600, dataBits: 7, parity: 'odd' } });
    expect(recorded.entries.map(({ dir, bytes }) => [dir, bytes.toString()])).toEqual([
      ['tx', 'KRDG? 1\r\n'],
      ['rx', '+004.213\r\n'],
    ]);
    io.stop();
    expect(await ended).toBe(0);
  });

  it('does not overwrite a file that has something in it', async () => {
    const file = join(folder, 'notes.txt');
    writeFileSync(file, 'precious');
    const { status, err } = await refused('/dev/x', '--record', file);
    expect(status).toBe(2);
    expect(err).toContain(`${file} exists and is not empty`);
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  it('says that a file cannot be written', async () => {
    const { status, err } = await refused('/dev/x', '--record', join(folder, 'none', 'x.jsonl'));
    expect(status).toBe(2);
    expect(err).toContain('cannot be written: ENOENT');
  });

  it('ends with status 1 when the disk is full', async () => {
    const { url } = await gateway();
    const { status, err } = await refused('cryostat', '--url', url, '--record', '/dev/full');
    expect(status).toBe(1);
    expect(err).toMatch(/ENOSPC.*\(TRANSCRIPT_FILE\)/);
  });
});
