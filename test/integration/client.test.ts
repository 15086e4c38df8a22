import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { drivers, models } from '../../drivers/index.ts';
import { emulators } from '../../mocks/index.ts';
import { silentLogger } from '../../src/base/index.ts';
import { watchCommand } from '../../src/cli/commands/watch.ts';
import { runCli } from '../../src/cli/program.ts';
import { type Client, connect, PROTOCOL } from '../../src/client/index.ts';
import { Gateway } from '../../src/gateway/index.ts';
import { Server, TokenBook } from '../../src/server/index.ts';
import { command, DataService, reading, serviceList, serviceMap, setting } from '../../src/service/index.ts';
import { task } from '../../src/task/index.ts';
import { recordingIo } from '../cli/recording-io.ts';
import { freePort } from './services.ts';

class Detector extends DataService {
  readonly gain = setting(1, { minimum: 0, maximum: 100 });
}

class SensorService extends DataService {
  readonly readoutInterval = setting(0.01, { unit: 's', minimum: 0.001 });
  readonly range = setting('auto', { options: ['auto', 'low', 'high'] });
  readonly averaging = setting(1, { options: [1, 2, 4] });
  readonly enabled = setting(true);
  readonly name = setting('lab');
  readonly temperature = reading({ unit: '°C' });
  readonly unread = reading({ unit: 'K' });
  readonly detectors = serviceMap([['a', new Detector()]]);
  readonly list = serviceList([new Detector()]);
  readonly pair = [new Detector(), new Detector()];
  readonly main = new Detector();
  readonly zero = command({ parameters: { at: { type: 'number', unit: '°C' } } }, async ({ at }) => {
    this.offset = at;
  });
  readonly describe = command(
    { parameters: { words: { type: 'integer', default: 2 } }, doc: 'Says what it is.' },
    ({ words }) => ({ text: 'a sensor', words, parts: ['probe', null] }),
  );
  readonly slow = command({}, () => new Promise<string>((resolve) => Object.assign(this, { endSlow: resolve })));
  readonly broken = command({}, () => {
    throw new RangeError('the probe is gone');
  });
  readonly readSensor = task({ autostart: true }, async ({ every }) => {
    for await (const { count } of ticks(every(this.readoutInterval))) this.temperature.value = 20 + count;
  });
  offset = 0;
  endSlow: (said: string) => void = () => {};
}

async function* ticks(ticking: AsyncIterable<unknown>): AsyncGenerator<{ count: number }> {
  let count = 0;
  for await (const _ of ticking) yield { count: count++ };
}

describe('a client of a real server', () => {
  let service: SensorService;
  let server: Server;
  let client: Client<SensorService>;

  beforeEach(async () => {
    service = new SensorService();
    server = new Server(service, { port: 0, log: silentLogger });
    await server.start();
    client = await connect<SensorService>(server.address ?? '');
  });
  afterEach(async () => {
    client.close();
    await server.stop();
  });

  it('is greeted with name, version and protocol', () => {
    expect(client.server).toEqual({ name: 'labwire', version: expect.stringMatching(/^\d+\.\d+/), protocol: PROTOCOL });
  });

  it('knows all values, and sets each kind', async () => {
    const remote = client.service;
    expect(remote.range.value).toBe('auto');
    expect(remote.averaging.value).toBe(1);
    expect(remote.unread.value).toBeNull();
    expect(remote.temperature.value).toBeGreaterThanOrEqual(20);
    await remote.range.set('low');
    await remote.averaging.set(4);
    await remote.enabled.set(false);
    await remote.name.set('cellar');
    await remote.readoutInterval.set({ magnitude: 20, unit: 'ms' });
    await remote.main.gain.set(2.5);
    await remote.detectors.a?.gain.set(3);
    await remote.list[0]?.gain.set(4);
    await remote.pair[1]?.gain.set(5);
    expect(service.range.value).toBe('low');
    expect(service.averaging.value).toBe(4);
    expect(service.enabled.value).toBe(false);
    expect(service.name.value).toBe('cellar');
    expect(service.readoutInterval.value).toBe(0.02);
    expect(service.detectors.get('a')?.gain.value).toBe(3);
    expect(service.list.at(0)?.gain.value).toBe(4);
    expect(service.pair[1]?.gain.value).toBe(5);
    expect([remote.range.value, remote.averaging.value, remote.name.value]).toEqual(['low', 4, 'cellar']);
  });

  it('calls commands, and gets their results and their errors', async () => {
    await client.service.zero({ at: 1.5 });
    expect(service.offset).toBe(1.5);
    expect(await client.service.describe({})).toEqual({ text: 'a sensor', words: 2, parts: ['probe', null] });
    await expect(client.service.broken()).rejects.toMatchObject({
      name: 'RangeError',
      message: 'the probe is gone',
      code: 'REMOTE',
    });
    await expect(client.service.main.gain.set(1000)).rejects.toMatchObject({
      code: 'VALUE_INVALID',
      detail: 'Setting main.gain takes a number from 0 to 100, not 1000',
    });
    await expect(client.set('temperature', 1)).rejects.toMatchObject({ code: 'VALUE_READ_ONLY' });
    await expect(client.get('offset')).rejects.toMatchObject({ code: 'MEMBER_UNKNOWN' });
    await expect(client.call('__proto__')).rejects.toMatchObject({ code: 'MEMBER_UNKNOWN' });
  });

  it('starts and stops tasks, and sees it', async () => {
    const remote = client.service.readSensor;
    expect(remote.state).toBe('active');
    await remote.stop();
    expect([service.readSensor.state, remote.state, remote.status]).toEqual(['inactive', 'inactive', 'NOT_RUNNING']);
    await remote.start();
    expect([service.readSensor.state, remote.state, remote.status]).toEqual(['active', 'active', 'RUNNING']);
    expect(remote.activeSince).toMatch(/^\d{4}-/);
  });

  it('is told of changes, at the rate that it wants', async () => {
    const slow = await connect(server.address ?? '', { subscription: { paths: ['temperature'], maxHz: 20 } });
    await service.readoutInterval.set(0.001);
    const seen: number[] = [];
    for await (const { path, value } of slow.changes()) {
      expect(path).toBe('temperature');
      if (seen.push(value as number) === 4) break;
    }
    slow.close();
    // Of a value that changes each millisecond, some come in 150 ms, however busy the machine is.
    expect((seen[3] ?? 0) - (seen[0] ?? 0)).toBeGreaterThan(5);
  });

  it('sees services that come and go', async () => {
    const changes = client.changes({ paths: ['detectors', 'list'] });
    service.detectors.set('b', new Detector());
    expect((await changes.next()).value).toMatchObject({ path: 'detectors', value: { a: {}, b: { gain: 1 } } });
    await client.service.detectors.b?.gain.set(9);
    expect(client.service.detectors.b?.gain.value).toBe(9);
    service.detectors.delete('a');
    await vi.waitFor(() => expect(Object.keys(client.service.detectors)).toEqual(['b']));
    service.list.add(new Detector());
    await vi.waitFor(() => expect(client.service.list).toHaveLength(2));
  });

  it('may be asked for much at once', async () => {
    const values = await Promise.all(Array.from({ length: 300 }, (_, index) => client.set('main.gain', index % 100)));
    expect(values).toHaveLength(300);
    expect(service.main.gain.value).toBe(99);
  });

  it('waits for a slow command beside everything else', async () => {
    const slow = client.service.slow();
    await client.service.range.get();
    service.endSlow('at last');
    expect(await slow).toBe('at last');
  });

  it('comes back to a server that was restarted, and knows what is there then', async () => {
    // At a port that nobody else is given while the server is away.
    const port = await freePort();
    await server.stop();
    server = new Server(service, { port, log: silentLogger });
    await server.start();
    client.close();
    client = await connect<SensorService>(server.address ?? '');
    const states: string[] = [];
    client.onState((state) => states.push(state));
    await server.stop();
    await vi.waitFor(() => expect(states).toEqual(['reconnecting']));
    await expect(client.service.range.set('low')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    service = new SensorService();
    service.detectors.set('new', new Detector());
    server = new Server(service, { port, log: silentLogger });
    await server.start();
    await vi.waitFor(() => expect(states).toEqual(['reconnecting', 'connected']));
    expect(Object.keys(client.service.detectors)).toEqual(['a', 'new']);
    await client.service.range.set('high');
    expect(service.range.value).toBe('high');
  });
});

describe('a gateway', () => {
  let folder: string;
  let gateway: Gateway;
  let url: string;
  let token: Record<'viewer' | 'operator', string>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'labwire-client-'));
    const book = new TokenBook(join(folder, 'tokens.json'));
    token = {
      viewer: await book.create('screen', 'viewer'),
      operator: await book.create('bench', 'operator'),
    };
    gateway = new Gateway(
      {
        gateway: { id: 'lab_a' },
        server: { port: 0, tokens: join(folder, 'tokens.json') },
        devices: {
          cryostat: {
            model: 'lakeshore-218',
            port: { emulated: true },
            interval: 0.1,
            channels: { input1: { name: 'stage1' } },
          },
        },
      },
      {
        drivers,
        models: [models],
        emulators,
        log: silentLogger,
        journalFile: join(folder, 'journal.db'),
        tokenFile: join(folder, 'tokens.json'),
      },
    );
    await gateway.start();
    url = gateway.address ?? '';
    const client = await connect(url, { token: token.viewer });
    await vi.waitFor(() => expect(client.service).toHaveProperty('cryostat.stage1.value', expect.any(Number)));
    client.close();
  });
  afterAll(async () => {
    await gateway?.stop();
    rmSync(folder, { recursive: true });
  });

  async function labwire(...args: string[]): Promise<{ status: number; out: string; err: string }> {
    const io = recordingIo({ env: { LABWIRE_URL: url, LABWIRE_TOKEN: token.operator } });
    const status = await runCli(args, io);
    return { status, out: io.out.join('\n'), err: io.err.join('\n') };
  }

  it('lets in who has a token, to do what its role may', async () => {
    await expect(connect(url, { token: 'wrong' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const viewer = await connect(url, { token: token.viewer });
    expect(await viewer.get('cryostat.interval')).toBe(0.1);
    await expect(viewer.set('cryostat.interval', 1)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    viewer.close();
  });

  it('is read, set and controlled from the shell', async () => {
    expect((await labwire('devices')).out).toMatch(/^cryostat +online +lakeshore-218/m);
    expect(JSON.parse((await labwire('devices', '--json')).out)).toMatchObject([{ id: 'cryostat', status: 'online' }]);
    expect((await labwire('read', 'cryostat.stage1')).out).toMatch(/^\d+(\.\d+)? K$/);
    expect((await labwire('read')).out).toMatch(/^cryostat\.interval +0\.1 +s +can be set$/m);
    expect(await labwire('set', 'cryostat.interval', '200 ms')).toMatchObject({ out: 'cryostat.interval is 0.2 s' });
    expect(await labwire('set', 'cryostat.interval', '0')).toMatchObject({
      status: 1,
      err: 'labwire: Setting cryostat.interval takes a number of at least 0.1 s, not 0 (VALUE_INVALID)',
    });
    expect(await labwire('set', 'cryostat.stage1', '4')).toMatchObject({ status: 2 });
    expect((await labwire('tasks')).out).toMatch(/^cryostat\.acquire +active/m);
    expect((await labwire('tasks', 'cryostat', 'stop')).out).toBe('cryostat.acquire is inactive');
    expect((await labwire('tasks', 'cryostat.acquire', 'start')).out).toMatch(
      /^cryostat\.acquire is (active|activating)$/,
    );
    expect((await labwire('call')).out).toBe('There are no commands.');
    // An event can be asked for once it is on the disk.
    const events = async (): Promise<string> => (await labwire('events', '--device', 'cryostat')).out;
    await expect.poll(events).toContain('stopped cryostat.acquire');
    expect(await events()).toContain('set cryostat.interval from 0.1 to 0.2');
  });

  it('is watched from the shell', async () => {
    const io = recordingIo({ env: { LABWIRE_URL: url, LABWIRE_TOKEN: token.viewer }, outputTerminal: true });
    const screens: string[] = [];
    const ended = watchCommand(['cryostat'], { hz: 20 }, io, { write: (text) => screens.push(text) });
    await vi.waitFor(() =>
      expect(new Set(screens.map((one) => /stage1 +(\S+)/.exec(one)?.[1])).size).toBeGreaterThan(2),
    );
    io.stop();
    expect(await ended).toBe(0);
  });

  it('tells the shell what happens as it happens', async () => {
    const io = recordingIo({ env: { LABWIRE_URL: url, LABWIRE_TOKEN: token.operator } });
    const ended = runCli(['events', '--follow', '--json', '--limit', '1'], io);
    await vi.waitFor(() => expect(io.out).not.toEqual([]));
    await labwire('set', 'cryostat.interval', '0.5');
    await vi.waitFor(() => expect(io.out.join()).toContain('to 0.5'));
    io.stop();
    expect(await ended).toBe(0);
  });
});
