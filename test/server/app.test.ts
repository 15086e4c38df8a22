import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ErrorCode, LabwireError } from '../../src/base/index.ts';
import { buildApp } from '../../src/server/app.ts';
import { HttpServer } from '../../src/server/index.ts';
import { memoryLogger } from '../task/bench.ts';

let app: FastifyInstance | undefined;

afterEach(async () => {
  vi.useRealTimers();
  app?.server.closeAllConnections();
  await app?.close();
  app = undefined;
});

const host = '127.0.0.1:8001';

/** A server whose route `/thrown` throws, and which takes what is posted to `/posted`. */
function throwing(thrown: unknown) {
  const log = memoryLogger();
  app = buildApp({ log });
  app.get('/thrown', { config: { access: 'viewer' } }, async () => {
    throw thrown;
  });
  app.post('/posted', { config: { access: 'viewer' } }, async ({ body }) => ({ body }));
  return { app, log };
}

/** What a server answers to bytes that are sent as they are. */
async function answerTo(server: FastifyInstance, bytes: string): Promise<string> {
  await server.ready();
  server.server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  socket.end(bytes);
  // A reset comes as an error first.
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

describe('the server', () => {
  it('cuts who sends one request after the other without waiting for answers', async () => {
    app = buildApp();
    const answered = vi.fn(async () => 'x'.repeat(10_000));
    app.get('/large', { config: { access: 'viewer' } }, answered);
    const request = `GET /large HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    await answerTo(app, request.repeat(1_000));
    expect(answered.mock.calls.length).toBeLessThanOrEqual(32);
  });

  it('answers request after request on one connection', async () => {
    app = buildApp();
    app.get('/small', { config: { access: 'viewer' } }, async () => 'yes');
    const request = `GET /small HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    expect((await answerTo(app, request.repeat(20))).split('yes')).toHaveLength(21);
  });

  it('does not start with a route that does not say who may use it', async () => {
    app = buildApp();
    app.get('/open', async () => 'anybody');
    await expect(app.ready()).rejects.toThrow('The route /open does not say who may use it');
  });

  it.each([
    ['VALUE_INVALID', 400],
    ['REQUEST_INVALID', 400],
    ['UNAUTHENTICATED', 401],
    ['FORBIDDEN', 403],
    ['READ_ONLY', 403],
    ['NOT_FOUND', 404],
    ['MEMBER_UNKNOWN', 404],
    ['TOO_MANY_ATTEMPTS', 429],
    ['QUEUE_FULL', 503],
    ['JOURNAL_FAILED', 503],
  ] satisfies [ErrorCode, number][])('answers %s with status %i, and with code and message', async (code, status) => {
    const { app, log } = throwing(new LabwireError(code, 'So it is'));
    const response = await app.inject({ url: '/thrown', headers: { host } });
    expect(response.statusCode).toBe(status);
    expect(response.json()).toEqual({ error: { code, message: 'So it is' } });
    expect(response.headers['cache-control']).toBe('no-store');
    expect(log.lines).toEqual([]);
  });

  it('keeps to itself what went wrong inside, and logs it', async () => {
    const mistake = new TypeError('x of undefined, password hunter2');
    const { app, log } = throwing(mistake);
    const response = await app.inject({ url: '/thrown', headers: { host } });
    expect(response.statusCode).toBe(500);
    expect(response.json()).toEqual({
      error: { code: 'INTERNAL', message: 'The gateway made a mistake; its log tells more' },
    });
    expect(log.lines).toMatchObject([{ level: 'error', details: { err: mistake } }]);
  });

  it.each([
    ['application/json', '{"a"', 400, 'REQUEST_INVALID'],
    ['application/json', '', 400, 'REQUEST_INVALID'],
    ['application/json', '{"__proto__":{}}', 400, 'REQUEST_INVALID'],
    ['application/json', `"${'x'.repeat(1024 * 1024)}"`, 413, 'REQUEST_TOO_LARGE'],
    ['text/plain', '{}', 400, 'REQUEST_INVALID'],
    ['application/x-www-form-urlencoded', 'a=1', 400, 'REQUEST_INVALID'],
  ])('refuses a body of %s such as %.20j with status %i', async (type, payload, status, code) => {
    const { app } = throwing(undefined);
    const headers = { host, 'content-type': type };
    const response = await app.inject({ method: 'POST', url: '/posted', headers, payload });
    expect([response.statusCode, response.json().error.code]).toEqual([status, code]);
  });

  it('tells a page that is not there from a method that a page does not take', async () => {
    const { app } = throwing(undefined);
    const asked = async (method: 'GET' | 'POST', url: string) =>
      (await app.inject({ method, url, headers: { host } })).json();
    expect(await asked('GET', '/posted')).toEqual({ error: { code: 'METHOD_NOT_ALLOWED', message: 'Only POST here' } });
    expect(await asked('POST', '/thrown?a')).toMatchObject({ error: { message: 'Only GET, HEAD here' } });
    expect(await asked('GET', '/nothing')).toMatchObject({ error: { code: 'NOT_FOUND' } });
  });

  it('believes nobody who says that he asks for another', async () => {
    app = buildApp();
    app.get('/who', { config: { access: 'public' } }, async ({ ip, host: name }) => ({ ip, name }));
    const headers = { host, 'x-forwarded-for': '10.0.0.1', 'x-forwarded-host': 'attacker.example' };
    expect((await app.inject({ url: '/who', headers })).json()).toEqual({ ip: '127.0.0.1', name: host });
  });

  it.each([
    ['no request at all', 'hello\r\n\r\n', '400 Bad Request'],
    ['headers without end', `GET /thrown HTTP/1.1\r\nhost: ${host}\r\na: ${'x'.repeat(20_000)}\r\n\r\n`, '431 Request'],
  ])('refuses %s in its own words', async (_, bytes, status) => {
    const text = await answerTo(throwing(undefined).app, bytes);
    expect(text.startsWith(`HTTP/1.1 ${status}`)).toBe(true);
    expect(JSON.parse(text.split('\r\n\r\n')[1] ?? '')).toMatchObject({ error: { code: 'REQUEST_INVALID' } });
  });

  const answer = 'x'.repeat(64 * 1024 * 1024);
  it.each([
    ['a text', () => answer],
    ['a stream', () => Readable.from([answer.slice(0, answer.length / 2), answer.slice(answer.length / 2)])],
  ])('cuts a client that does not take its answer, %s', async (_, made) => {
    const log = memoryLogger();
    app = buildApp({ log });
    app.get('/long', { config: { access: 'public' } }, async () => made());
    await app.ready();
    app.server.listen(0, '127.0.0.1');
    await once(app.server, 'listening');
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => {});
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const [request] = await Promise.all([
      once(app.server, 'request'),
      socket.write(`GET /long HTTP/1.1\r\nhost: ${host}\r\n\r\n`),
    ]);
    const cut = once(request[1], 'close');
    await once(socket, 'readable');
    vi.advanceTimersByTime(60_000);
    await cut;
    vi.useRealTimers();
    let read = 0;
    socket.on('data', (bytes) => {
      read += bytes.length;
    });
    await new Promise((resolve) => socket.once('close', resolve));
    expect(read).toBeLessThan(answer.length);
  });
});

describe('a server without anything to control', () => {
  it('answers who asks for a websocket as anybody', async () => {
    const server = new HttpServer({ health: () => ({ ok: true }) });
    await server.start({ host: '127.0.0.1', port: 0 });
    const asking = request(`${server.address}/ws`, { headers: { connection: 'upgrade', upgrade: 'websocket' } }).end();
    const [answer] = await once(asking, 'response');
    expect(answer.resume().statusCode).toBe(404);
    await server.stop();
  });
});

describe('a server without TLS', () => {
  it.each([
    // An address of this machine in a spelling that does not show it.
    [
      '2130706433',
      [
        'http://127.0.0.1:PORT is not encrypted: passwords and tokens cross the network in clear; server.tls changes that',
      ],
    ],
    ['127.0.0.1', []],
  ])('at %s warns where others can listen to it', async (host, warnings) => {
    const log = memoryLogger();
    const server = new HttpServer({ health: () => ({ ok: true }), log });
    await server.start({ host, port: 0 });
    const { port } = new URL(server.address ?? '');
    await server.stop();
    const told = log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message.replace(port, 'PORT'));
    expect(told).toEqual(warnings);
  });
});
