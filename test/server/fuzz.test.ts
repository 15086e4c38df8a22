import { Agent, request } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpServer } from '../../src/server/index.ts';
import { Control } from '../../src/service/index.ts';
import { serialise } from '../../src/wire/index.ts';
import { memoryLogger } from '../task/bench.ts';
import { anyBody, anyJson, anyPath, deepText } from './fuzz-inputs.ts';
import { deafClient } from './live/deaf-client.ts';
import { allViews } from './routes/views.ts';
import { Bench } from './services.ts';

const bench = new Bench();
const log = memoryLogger();
/** Gives up an idle connection long before the server does, which may be just when a request is sent by it. */
const agent = new Agent({ keepAlive: true, timeout: 1_000 });
let server: HttpServer;

beforeAll(async () => {
  server = new HttpServer({
    ...allViews(),
    control: new Control(bench),
    log,
  });
  await server.start({ host: '127.0.0.1', port: 0 });
});

afterAll(() => {
  agent.destroy();
  return server.stop();
});

const tree = (): string => JSON.stringify(serialise(bench));

interface Answer {
  readonly status: number;
  readonly text: string;
}

function ask(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.address ?? '');
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const asking = request({ agent, hostname, port, method, path, headers: { ...length, ...headers } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asking.on('error', reject).end(body);
  });
}

/** Refused requests change nothing; nothing ever shows what is not exposed; nothing is a mistake of the server. */
function judge(before: string, { status, text }: Answer): void {
  expect(status === 503 || status < 500, `${status}: ${text}`).toBe(true);
  expect(text).not.toContain(bench.secret);
  if (status >= 400) {
    expect(tree()).toBe(before);
    const answer = JSON.parse(text);
    expect(answer.type === 'Exception' || typeof answer.error?.code === 'string').toBe(true);
    expect(answer.error?.code).not.toBe('INTERNAL');
    expect(answer.code).not.toBe('INTERNAL');
  }
}

async function knownPages(): Promise<string[]> {
  const { text } = await ask('GET', '/nothing');
  return JSON.parse(text).error.message.split('there are ')[1].split(', ');
}

describe('whatever is sent', { timeout: 180_000 }, () => {
  it("to pydase's routes is done, or refused with an Exception node and without a trace", async () => {
    const type = fc.constantFrom(
      'application/json',
      'text/plain',
      '',
      'multipart/form-data',
      'application/json; charset=x',
    );
    const page = fc.constantFrom('/api/v1/update_value', '/api/v1/trigger_method');
    await fc.assert(
      fc.asyncProperty(page, anyBody, type, async (path, body, contentType) => {
        const before = tree();
        const answer = await ask('PUT', path, body, contentType ? { 'content-type': contentType } : {});
        judge(before, answer);
        expect([200, 400, 503]).toContain(answer.status);
      }),
      { numRuns: 200 },
    );
    await fc.assert(
      fc.asyncProperty(anyPath, async (path) => {
        const before = tree();
        const answer = await ask('GET', `/api/v1/get_value?access_path=${encodeURIComponent(path)}`.slice(0, 8_000));
        judge(before, answer);
        expect([200, 400]).toContain(answer.status);
      }),
      { numRuns: 100 },
    );
  });

  it('to any page, by any method, gets an answer that is no mistake of the server', async () => {
    const pages = await knownPages();
    expect(pages).toEqual(expect.arrayContaining(['/api/v1/get_value', '/api/v1/devices', '/api/v1/history']));
    const page = fc.oneof(
      fc.constantFrom(...pages),
      anyPath.map((path) => `/${encodeURIComponent(path)}`.slice(0, 8_000)),
    );
    const query = fc.oneof(
      fc.constant(''),
      fc.webQueryParameters(),
      anyPath.map((path) => `access_path=${encodeURIComponent(path)}`.slice(0, 4_000)),
    );
    const part = fc.oneof(
      fc.constantFrom('%2e%2e', '..', '%00', '%zz', 'a%2fb', '%ff'),
      anyPath.map((path) => encodeURIComponent(path).slice(0, 2_000)),
    );
    const method = fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY', 'TRACE');
    await fc.assert(
      fc.asyncProperty(
        page,
        part,
        query,
        method,
        fc.option(anyBody, { nil: undefined }),
        async (path, filling, asked, by, body) => {
          const before = tree();
          const url = `${path.replace(/:\w+|\*/g, () => filling)}?${asked}`;
          const withBody = by === 'PUT' || by === 'POST' || by === 'PATCH' || by === 'DELETE' ? body : undefined;
          const answer = await ask(by, url, withBody, { 'content-type': 'application/json' });
          if (answer.text === '' && answer.status < 500) return;
          if (answer.status < 400) expect(answer.text).not.toContain(bench.secret);
          else judge(before, answer);
        },
      ),
      { numRuns: 250 },
    );
  });

  it('over socket.io is done, or refused with an Exception node and without a trace', async () => {
    const socket: Socket = io(server.address ?? '', {
      path: '/ws/socket.io',
      transports: ['websocket'],
      forceNew: true,
    });
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    const event = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.constantFrom('get_value', 'update_value', 'trigger_method', 'subscribe', 'service_serialization'),
      },
      fc.constantFrom('toString', '__proto__', 'constructor', 'error', 'message', 'notify', 'log', 'any'),
      fc.string(),
    );
    const reserved = new Set([
      'connect',
      'connect_error',
      'disconnect',
      'disconnecting',
      'newListener',
      'removeListener',
    ]);
    await fc.assert(
      fc.asyncProperty(event, fc.array(anyJson, { maxLength: 3 }), async (name, args) => {
        if (reserved.has(name)) return;
        const before = tree();
        const answer = await socket.timeout(30_000).emitWithAck(name, ...args);
        const text = JSON.stringify(answer);
        expect(text).not.toContain(bench.secret);
        if (answer?.type !== 'Exception') return;
        expect(tree()).toBe(before);
        expect(answer.code).not.toBe('INTERNAL');
      }),
      { numRuns: 250 },
    );
    expect(socket.connected).toBe(true);
    socket.disconnect();
  });

  it('in whatever order and form, leaves a server that serves the next one', async () => {
    const packet = fc.oneof(
      fc.constantFrom(
        '0',
        '1',
        '0/admin,',
        '0{"token":1}',
        '2["get_value","title"]',
        '21["get_value"]',
        '41[]',
        '5',
        '6',
      ),
      fc.constantFrom(
        '51-["get_value",{"_placeholder":true,"num":0}]',
        '2["connect"]',
        '2["disconnect"]',
        '2[1]',
        '2{}',
      ),
      deepText.map((deep) => `20["update_value",{"access_path":"title","value":${deep}}]`),
      deepText.map((deep) => `20["get_value",${deep}]`),
      deepText.map((deep) => `0${deep}`),
      fc.tuple(fc.nat(9), anyJson).map(([type, json]) => `${type}${JSON.stringify(json)}`),
      fc.tuple(fc.nat(999), fc.array(anyJson)).map(([id, json]) => `2${id}${JSON.stringify(json)}`),
      fc.string({ unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(packet, { minLength: 1, maxLength: 10 }), async (packets) => {
        const client = await deafClient(server.address ?? '');
        client.socket.resume();
        for (const one of packets) client.send(one);
        await setImmediate();
        client.close();
        expect((await ask('GET', '/healthz')).status).toBe(200);
      }),
      { numRuns: 60 },
    );
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
