import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Traffic } from '../../src/port/traffic/traffic.ts';
import { isFromHere } from '../../src/server/access/origin.ts';
import { HttpServer } from '../../src/server/index.ts';

const PATH = '/dev/serial/by-id/usb-FTDI_A1';

let traffic: Traffic;
let port: { name: string; state: string; counters: object; serial: object; traffic: Traffic };
let server: HttpServer;
const requests: ClientRequest[] = [];

beforeEach(async () => {
  traffic = new Traffic();
  port = { name: PATH, state: 'open', counters: { opens: 1 }, serial: { baudRate: 9600 }, traffic };
  server = new HttpServer({
    health: () => ({ ok: true }),
    ports: {
      names: () => ['cryostat', PATH],
      find: (name) => (['cryostat', PATH].includes(name) ? port : undefined),
    },
  });
  await server.start({ host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  vi.useRealTimers();
  for (const each of requests.splice(0)) each.destroy();
  await server.stop();
});

/** An answer whose body nobody has read yet. */
async function asked(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<IncomingMessage> {
  const asking = request(`${server.address}${path}`, { method, headers, agent: false }).end();
  requests.push(asking);
  asking.on('error', () => {});
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  return response;
}

async function body(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

async function answer(path: string, headers?: Record<string, string>, method?: string) {
  const response = await asked(path, headers, method);
  return { status: response.statusCode, ...JSON.parse(await body(response)) };
}

/** The lines as they come. */
function lines(response: IncomingMessage): AsyncIterator<Record<string, unknown>> {
  const reading = createInterface({ input: response })[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { done, value } = await reading.next();
      return done ? { done: true, value: undefined } : { done: false, value: JSON.parse(value) };
    },
  };
}

describe('the traffic of a port', () => {
  it('is told from the ring, a JSON object per line, after a line about the port', async () => {
    traffic.note('state', 'open', 1_700_000_000_000_001);
    traffic.sent(Buffer.from('K?\r\n'), 1_700_000_000_000_002);
    traffic.note('frame', '+4 \xb0', 1_700_000_000_000_003);
    const response = await asked('/api/v1/ports/cryostat/traffic?follow=false');
    expect(response.headers['content-type']).toBe('application/x-ndjson');
    expect(
      (await body(response))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { port: PATH, state: 'open', counters: { opens: 1 }, serial: { baudRate: 9600 }, ring: port.traffic.id },
      { sequence: 1, at: '2023-11-14T22:13:20.000001Z', kind: 'state', text: 'open' },
      { sequence: 2, at: '2023-11-14T22:13:20.000002Z', kind: 'sent', hex: '4b3f0d0a' },
      { sequence: 3, at: '2023-11-14T22:13:20.000003Z', kind: 'frame', text: '+4 \xb0' },
    ]);
  });

  it('goes on live, and ends when the port is given up', async () => {
    traffic.note('state', 'open', 1);
    const told = lines(await asked('/api/v1/ports/cryostat/traffic'));
    await told.next();
    expect((await told.next()).value).toMatchObject({ sequence: 1 });
    traffic.received(Buffer.from('a'), 2);
    traffic.received(Buffer.from('b'), 3);
    expect((await told.next()).value).toMatchObject({ sequence: 2, hex: '61' });
    expect((await told.next()).value).toMatchObject({ sequence: 3, hex: '62' });
    port.state = 'closed';
    traffic.note('state', 'closed', 4);
    expect((await told.next()).value).toMatchObject({ text: 'closed' });
    expect(await told.next()).toEqual({ done: true, value: undefined });
  });

  it.each(['/dev/serial/by-id/usb-FTDI_A1', encodeURIComponent(PATH)])('is found by the path %s', async (written) => {
    expect(await body(await asked(`/api/v1/ports/${written}/traffic?follow=false`))).toContain(PATH);
  });

  it.each([
    ['/api/v1/ports/oven/traffic', 404, `There is no port "oven" here; there are cryostat, ${PATH}`],
    ['/api/v1/ports/%zz/traffic', 400, 'not a valid url component'],
    ['/api/v1/ports/cryostat/traffic?follow=1', 400, 'follow must be "true" or "false"'],
    ['/api/v1/ports', 404, '/api/v1/ports/'],
  ])('refuses %s with status %i', async (path, status, error) => {
    expect(await answer(path)).toMatchObject({ status, error: { message: expect.stringContaining(error) } });
  });

  it('is told to GET only', async () => {
    expect(await answer('/api/v1/ports/cryostat/traffic', {}, 'POST')).toMatchObject({
      status: 405,
      error: { code: 'METHOD_NOT_ALLOWED', message: 'Only GET here' },
    });
  });

  it.each(['attacker.example', 'attacker.example:8001', '127.0.0.1.attacker.example', 'localhost@attacker.example'])(
    'is not told to a page that calls this machine %s',
    async (host) => {
      const refused = await answer('/api/v1/ports/cryostat/traffic', { host });
      expect(refused).toMatchObject({ status: 403, error: { message: expect.stringContaining('on this machine') } });
    },
  );

  it.each([
    ['127.0.0.1', '127.0.0.1:8001', true],
    ['::1', '[::1]:8001', true],
    ['::ffff:127.0.0.1', 'localhost', true],
    ['192.168.1.5', '127.0.0.1:8001', false],
    ['::ffff:192.168.1.5', 'localhost', false],
    ['127.0.0.1', undefined, false],
    [undefined, 'localhost', false],
  ])('counts a request from %s to %s as local: %s', (remoteAddress, host, local) => {
    expect(isFromHere({ remoteAddress, headers: { host } })).toBe(local);
  });

  it('has eight followers at most, and room again when one goes', async () => {
    const following = await Promise.all(Array.from({ length: 8 }, () => asked('/api/v1/ports/cryostat/traffic')));
    expect(await answer('/api/v1/ports/cryostat/traffic')).toMatchObject({ status: 503 });
    following[0]?.destroy();
    await vi.waitFor(async () => {
      const response = await asked('/api/v1/ports/cryostat/traffic?follow=false');
      response.resume();
      expect(response.statusCode).toBe(200);
    });
  });

  it('queues nothing for a client that does not read: it misses lines, and gets the newest once it reads', async () => {
    const response = await asked('/api/v1/ports/cryostat/traffic');
    // One for all: what the test itself leaves behind would count as well.
    const bytes = Buffer.alloc(4096);
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    for (let round = 0; round < 1_000; round++) {
      bytes.fill(round);
      for (let i = 0; i < 16; i++) traffic.received(bytes, round);
      await setImmediate();
    }
    // 131 MB as lines.
    expect(process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - before).toBeLessThan(64e6);
    const told = lines(response);
    await told.next();
    const sequences: number[] = [];
    while (sequences.at(-1) !== traffic.newest) sequences.push((await told.next()).value.sequence);
    expect(sequences.length).toBeLessThan(16_000);
    expect(sequences.slice(-2)).toEqual([traffic.newest - 1, traffic.newest]);
  });

  it('cuts a client that has read nothing for 30 s', async () => {
    const response = await asked('/api/v1/ports/cryostat/traffic');
    const cut = once(response, 'error');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    for (let round = 0; round < 1_000 && vi.getTimerCount() === 0; round++) {
      for (let i = 0; i < 16; i++) traffic.received(Buffer.alloc(4096, round), round);
      await setImmediate();
    }
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(30_000);
    response.resume();
    await cut;
    expect(response.complete).toBe(false);
  });

  it('is not there where no ports are', async () => {
    const bare = new HttpServer({ health: () => ({ ok: true }) });
    await bare.start({ host: '127.0.0.1', port: 0 });
    try {
      const [response] = await once(get(`${bare.address}/api/v1/ports/cryostat/traffic`), 'response');
      expect(response.statusCode).toBe(404);
      expect(await body(response)).toContain('/healthz');
    } finally {
      await bare.stop();
    }
  });
});
