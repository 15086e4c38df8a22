import { once } from 'node:events';
import { get } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../../src/base/index.ts';
import { newToken } from '../../../src/server/access/token.ts';
import { buildApp } from '../../../src/server/app.ts';
import type { AccessSettings } from '../../../src/server/index.ts';
import { type Answer, basic, bearer, ELSEWHERE, entry, from, Guarded, PASSWORD, userEntry, users } from './guarded.ts';

const servers: Guarded[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function serve(settings: Partial<AccessSettings> = { users }, log = silentLogger): Promise<Guarded> {
  const server = await new Guarded(settings, log).start();
  servers.push(server);
  return server;
}

const codeIn = ({ text }: Answer): string => JSON.parse(text).error.code;
const status = async (answer: Promise<Answer>): Promise<number> => (await answer).status;

describe('failed attempts', () => {
  it('have to wait after ten, from their address alone', async () => {
    const log = { ...silentLogger, warn: vi.fn() };
    const server = await serve({ users }, log);
    for (let count = 0; count < 10; count++) {
      expect(
        await status(server.ask('GET', '/api/v1/me', { ...basic('viewer', `guess ${count}`), ...from(ELSEWHERE) })),
      ).toBe(401);
      server.clock.block(1);
    }
    const next = await server.ask('GET', '/api/v1/me', { ...basic('operator', 'guess'), ...from(ELSEWHERE) });
    expect(next).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    expect(codeIn(next)).toBe('TOO_MANY_ATTEMPTS');
    expect(await status(server.ask('GET', '/api/v1/me', basic('operator')))).toBe(200);
    expect(log.warn.mock.calls[0]?.[0]).toContain(ELSEWHERE);
    expect(JSON.stringify(log.warn.mock.calls)).not.toContain('guess');
  });

  it('have to wait for a user from wherever they come, whether there is one or not', async () => {
    const server = await serve();
    for (const user of ['viewer', 'nobody']) {
      for (let count = 0; count < 10; count++)
        await server.ask('GET', '/api/v1/me', { ...basic(user, 'guess'), ...from(`192.0.2.${count}`) });
      const next = await server.ask('GET', '/api/v1/me', { ...basic(user, 'guess'), ...from('198.51.100.1') });
      expect(next).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
      server.clock.block(3_600_000);
    }
  });

  it('lock nobody out who came in from his place a moment ago', async () => {
    const server = await serve();
    const mine = { ...basic('viewer'), ...from('198.51.100.1') };
    expect(await status(server.ask('GET', '/api/v1/me', mine))).toBe(200);
    for (let count = 0; count < 12; count++)
      await server.ask('GET', '/api/v1/me', { ...basic('viewer', 'guess'), ...from(`192.0.2.${count}`) });
    expect(await status(server.ask('GET', '/api/v1/me', { ...mine, ...from('198.51.100.2') }))).toBe(429);
    expect(await status(server.ask('GET', '/api/v1/me', mine))).toBe(200);
  });

  it('are not looked at while they wait: the right password is of no use either, a token is', async () => {
    const server = await serve();
    const token = await server.book.create('notebook', 'viewer');
    for (let count = 0; count < 10; count++) await server.ask('GET', '/api/v1/me', bearer(newToken().text));
    const { derivations } = server;
    expect(await status(server.ask('GET', '/api/v1/me', basic('admin')))).toBe(429);
    expect(await status(server.ask('POST', '/api/v1/login', {}, { user: 'admin', password: PASSWORD }))).toBe(429);
    expect(server.derivations).toBe(derivations);
    expect(await status(server.ask('GET', '/api/v1/me', bearer(token)))).toBe(200);
    server.clock.block(1000);
    expect(await status(server.ask('GET', '/api/v1/me', basic('admin')))).toBe(200);
  });

  it('are limited also when all come at once', async () => {
    const server = await serve();
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, index) => server.ask('GET', '/api/v1/me', basic('admin', `guess ${index}`))),
    );
    expect(all.filter((answer) => answer.status === 401)).toHaveLength(10);
    expect(server.derivations).toBe(10);
  });
});

describe('a password', () => {
  it('costs as much of a user that does not exist, and the answer is the same', async () => {
    const server = await serve();
    const wrong = await server.ask('GET', '/api/v1/me', basic('admin', 'wrong'));
    expect(server.derivations).toBe(1);
    const unknown = await server.ask('GET', '/api/v1/me', basic('nobody', 'wrong'));
    expect(server.derivations).toBe(2);
    expect([unknown.status, unknown.text]).toEqual([wrong.status, wrong.text]);
  });

  it('costs once, however often it is sent within a minute', async () => {
    const server = await serve();
    for (let count = 0; count < 20; count++) await server.ask('GET', '/api/v1/me', basic('admin'));
    expect(server.derivations).toBe(1);
    server.clock.block(60_000);
    await server.ask('GET', '/api/v1/me', basic('admin'));
    expect(server.derivations).toBe(2);
  });

  it('is of no use from the moment when the configuration has another one', async () => {
    const server = await serve();
    expect(await status(server.ask('GET', '/api/v1/me', basic('admin')))).toBe(200);
    server.access.apply({ ...server.settings, users: { admin: userEntry('admin', 'another') } });
    expect(await status(server.ask('GET', '/api/v1/me', basic('admin')))).toBe(401);
    expect(await status(server.ask('GET', '/api/v1/me', basic('admin', 'another')))).toBe(200);
  });
});

describe('a session', () => {
  it('is opened by logging in, lasts over requests, and ends by logging out', async () => {
    const server = await serve();
    const login = await server.ask('POST', '/api/v1/login', {}, { user: 'operator', password: PASSWORD });
    expect(JSON.parse(login.text)).toEqual({ name: 'operator', role: 'operator', way: 'session' });
    const [set = ''] = login.headers['set-cookie'] ?? [];
    expect(set.split('; ').slice(1).sort()).toEqual(['HttpOnly', 'Max-Age=604800', 'Path=/', 'SameSite=Strict']);
    const cookie = { cookie: set.split(';')[0] ?? '' };
    const me = await server.ask('GET', '/api/v1/me', cookie);
    expect(JSON.parse(me.text)).toEqual({ name: 'operator', role: 'operator', way: 'session' });
    const logout = await server.ask('POST', '/api/v1/logout', cookie);
    expect(logout.status).toBe(204);
    expect(logout.headers['set-cookie']?.[0]).toMatch(/^labwire_session=; .*Expires=Thu, 01 Jan 1970/);
    expect(await status(server.ask('GET', '/api/v1/me', cookie))).toBe(401);
  });

  it('is not opened with a wrong password, nor by what is no login', async () => {
    const server = await serve();
    const login = (body: object): Promise<Answer> => server.ask('POST', '/api/v1/login', {}, body);
    const wrong = await login({ user: 'operator', password: 'wrong' });
    expect([wrong.status, wrong.headers['set-cookie']]).toEqual([401, undefined]);
    for (const body of [
      {},
      [],
      { user: 'operator' },
      { user: 1, password: {} },
      { user: 'operator', password: PASSWORD, more: 1 },
    ])
      expect(await status(login(body))).toBe(400);
  });

  it('cannot be opened or used by a page of another server', async () => {
    const server = await serve();
    const foreign = { origin: 'http://attacker.example' };
    const login = await server.ask('POST', '/api/v1/login', foreign, { user: 'admin', password: PASSWORD });
    expect([login.status, login.headers['set-cookie']]).toEqual([403, undefined]);
    const cookie = await server.cookie('admin');
    expect(await status(server.ask('GET', '/api/v1/me', { cookie, ...foreign }))).toBe(403);
    expect(await status(server.ask('POST', '/api/v1/logout', { cookie, ...foreign }))).toBe(403);
    expect(await status(server.ask('GET', '/api/v1/me', { cookie }))).toBe(200);
  });
});

describe('somebody who stays connected', () => {
  async function connected(server: Guarded, ...of: Parameters<Guarded['socket']>) {
    const socket = server.socket(...of);
    expect(await entry(socket)).toBe('connect');
    const cut = new Promise((resolve) => socket.on('disconnect', resolve));
    return { socket, cut };
  }

  it('is cut off when his token is revoked', async () => {
    const server = await serve();
    const { cut } = await connected(server, {}, await server.book.create('notebook', 'operator'));
    const other = await connected(server, {}, await server.book.create('other', 'operator'));
    await server.book.revoke('notebook');
    await server.clock.advance(500);
    await cut;
    expect(other.socket.connected).toBe(true);
  });

  it('is cut off when his token runs out', async () => {
    const server = await serve();
    const { cut } = await connected(
      server,
      {},
      await server.book.create('notebook', 'viewer', server.clock.now() / 1000 + 5000),
    );
    await server.clock.advance(5500);
    await cut;
  });

  it('is cut off when his user is removed, and those whose rights stay notice nothing', async () => {
    const server = await serve();
    const viewer = await connected(server, basic('viewer'));
    const operator = await connected(server, { cookie: await server.cookie('operator') });
    const admin = await connected(server, basic('admin'));
    const { viewer: kept, operator: demoted } = users;
    if (!kept || !demoted) throw new Error('no such users');
    server.access.apply({
      ...server.settings,
      users: { viewer: kept, operator: { ...demoted, role: 'viewer' }, eve: userEntry('admin') },
    });
    await admin.cut;
    expect([viewer.socket.connected, operator.socket.connected]).toEqual([true, true]);
    const answer = await operator.socket.timeout(30_000).emitWithAck('update_value', {});
    expect(answer).toMatchObject({ type: 'Exception', code: 'FORBIDDEN' });
  });

  it('is cut off when he logs out, in whatever window', async () => {
    const server = await serve();
    const cookie = await server.cookie('admin');
    const { cut } = await connected(server, { cookie });
    await server.ask('POST', '/api/v1/logout', { cookie });
    await cut;
  });

  it('is cut off when the gateway gets its first user', async () => {
    const server = await serve({});
    const { cut } = await connected(server);
    server.access.apply({ ...server.settings, users });
    await cut;
  });

  it('is cut in the middle of an answer', async () => {
    const server = await serve();
    const token = await server.book.create('notebook', 'admin');
    const [response] = await once(
      get(`${server.url}/api/v1/ports/live/traffic`, { headers: bearer(token) }),
      'response',
    );
    expect(response.statusCode).toBe(200);
    await server.book.revoke('notebook');
    const ended = once(response.resume(), 'error');
    await server.clock.advance(500);
    expect((await ended)[0].code).toBe('ECONNRESET');
  });

  it('leaves nothing behind when he goes', async () => {
    const server = await serve();
    const { socket, cut } = await connected(server, {}, await server.book.create('notebook', 'viewer'));
    socket.disconnect();
    await cut;
    await vi.waitFor(() => expect(server.clock.pending).toBe(1));
    await server.access.stop();
    expect(server.clock.pending).toBe(0);
  });
});

describe('pages of other servers', () => {
  const origin = 'https://lab.example:3000';
  const foreign = { origin: 'https://attacker.example' };

  it('are refused where they are not listed, also before they ask, and on public pages', async () => {
    const server = await serve({ users, origins: [origin] });
    const preflight = { ...foreign, 'access-control-request-method': 'PUT' };
    for (const answer of [
      await server.ask('OPTIONS', '/api/v1/update_value', preflight),
      await server.ask('GET', '/healthz', foreign),
      await server.ask('GET', '/nowhere', foreign),
    ]) {
      expect(answer.status).toBe(403);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('may ask what their user may, where they are listed', async () => {
    const server = await serve({ users, origins: [origin] });
    const preflight = await server.ask('OPTIONS', '/api/v1/update_value', {
      origin,
      'access-control-request-method': 'PUT',
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': expect.stringContaining('PUT'),
      'access-control-allow-headers': expect.stringContaining('authorization'),
      vary: 'Origin',
    });
    const answer = await server.ask('GET', '/api/v1/me', { origin, ...basic('viewer') });
    expect(answer).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': origin } });
    const refused = await server.ask('GET', '/api/v1/me', { origin });
    expect(refused).toMatchObject({ status: 401, headers: { 'access-control-allow-origin': origin } });
  });

  it.each(['websocket', 'polling'] as const)('may connect over %s only where they are listed', async (transport) => {
    const server = await serve({ users, origins: [origin] });
    expect(await entry(server.socket({ origin, ...basic('viewer') }, undefined, transport))).toBe('connect');
    expect(await entry(server.socket({ ...foreign, ...basic('viewer') }, undefined, transport))).not.toBe('connect');
  });

  it('may ask from the moment when they are listed', async () => {
    const server = await serve();
    expect(await status(server.ask('GET', '/healthz', { origin }))).toBe(403);
    server.access.apply({ ...server.settings, origins: [origin] });
    expect(await status(server.ask('GET', '/healthz', { origin }))).toBe(200);
  });
});

describe('every answer', () => {
  it.each(['/healthz', '/api/v1/me', '/nowhere'])('of %s forbids what no page of the server needs', async (path) => {
    const server = await serve();
    const { headers } = await server.ask('GET', path);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('upgrade-insecure-requests');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect(headers['strict-transport-security']).toBeUndefined();
    expect(headers['x-powered-by']).toBeUndefined();
  });

  it('asks who opens a page for a password, and leaves it to the scripts of a page to ask themselves', async () => {
    const server = await serve();
    const challenge = async (headers: Record<string, string>): Promise<unknown> =>
      (await server.ask('GET', '/api/v1/me', headers)).headers['www-authenticate'];
    expect(await challenge({})).toBe('Basic realm="labwire", charset="UTF-8"');
    expect(await challenge({ 'sec-fetch-mode': 'navigate' })).toBe('Basic realm="labwire", charset="UTF-8"');
    expect(await challenge({ 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' })).toBe(
      'Bearer realm="labwire"',
    );
  });

  it('comes from a route that says who may have it, or the server does not start', async () => {
    const app = buildApp();
    app.get('/forgotten', async () => 'x');
    await expect(app.ready()).rejects.toThrow('/forgotten');
    await app.close();
  });
});
