import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { atLeast, type Role, roles } from '../../../src/base/index.ts';
import { newToken } from '../../../src/server/access/token.ts';
import type { Access } from '../../../src/server/index.ts';
import { eventAccess } from '../../../src/server/live/client-events.ts';
import { basic, bearer, ELSEWHERE, entry, from, Guarded, userEntry, users } from './guarded.ts';

/** Every route, and who may use it. What is not written down here fails the test. */
const routeAccess: Readonly<Record<string, Access>> = {
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'GET /metrics': 'viewer',
  'POST /api/v1/login': 'public',
  'POST /api/v1/logout': 'public',
  'GET /api/v1/me': 'viewer',
  'GET /api/v1/info': 'viewer',
  'GET /api/v1/devices': 'viewer',
  'GET /api/v1/devices/:id': 'viewer',
  'GET /api/v1/ports': 'viewer',
  'GET /api/v1/ports/:name/traffic': 'local',
  'GET /api/v1/ports/*': 'local',
  'GET /api/v1/models': 'viewer',
  'GET /api/v1/models/:name': 'viewer',
  'GET /api/v1/sinks': 'viewer',
  'GET /api/v1/history': 'viewer',
  'GET /api/v1/events': 'viewer',
  'GET /api/openapi.json': 'viewer',
  'GET /api/docs': 'viewer',
  'GET /api/docs/json': 'viewer',
  'GET /api/docs/yaml': 'viewer',
  'GET /api/docs/static/*': 'viewer',
  'GET /api/docs/static/index.html': 'viewer',
  'GET /api/docs/static/swagger-initializer.js': 'viewer',
  'GET /service-properties': 'viewer',
  'GET /api/v1/get_value': 'viewer',
  'PUT /api/v1/update_value': 'operator',
  'PUT /api/v1/trigger_method': 'operator',
};

/** The same of what can be sent over socket.io. */
const wantedOfEvents: Readonly<Record<string, Access>> = {
  hello: 'viewer',
  service_serialization: 'viewer',
  get_value: 'viewer',
  subscribe: 'viewer',
  update_value: 'operator',
  trigger_method: 'operator',
};

/** How somebody asks, and what he is then: a role, or the status of the refusal. */
interface Way {
  readonly name: string;
  readonly headers: IncomingHttpHeaders;
  /** Of socket.io's `auth`. */
  readonly token?: string;
  readonly is: Role | 401 | 403;
  /** Whether he counts as one of this machine. */
  readonly here: boolean;
}

const FOREIGN = { origin: 'http://attacker.example' };
const codes = { 401: 'UNAUTHENTICATED', 403: 'FORBIDDEN' } as const;

let open: Guarded;
let guarded: Guarded;
const waysTo = { open: [] as Way[], guarded: [] as Way[] };

beforeAll(async () => {
  open = await new Guarded().start();
  guarded = await new Guarded({ users: { ...users, gone: userEntry('admin') } }).start();
  waysTo.guarded = await waysInto(guarded);
  waysTo.open = [
    { name: 'nothing, from here', headers: {}, is: 'admin', here: true },
    { name: 'nothing, from elsewhere', headers: from(ELSEWHERE), is: 403, here: false },
    { name: 'nothing, by a foreign name', headers: { host: 'attacker.example' }, is: 403, here: false },
    { name: 'nothing, through a proxy', headers: { 'x-forwarded-for': ELSEWHERE }, is: 403, here: false },
    { name: 'nothing, in a foreign page', headers: FOREIGN, is: 403, here: true },
    { name: 'a cookie of another server', headers: { cookie: 'labwire_session=a.b' }, is: 'admin', here: true },
    { name: 'a password', headers: basic('admin'), is: 401, here: true },
    { name: 'a wrong token', headers: bearer(newToken().text), is: 401, here: true },
    { name: 'a token', headers: bearer(await open.book.create('t', 'viewer')), is: 'viewer', here: true },
    {
      name: 'a token, from elsewhere',
      headers: { ...bearer(await open.book.create('u', 'operator')), ...from(ELSEWHERE) },
      is: 'operator',
      here: false,
    },
  ];
});

afterAll(async () => {
  await open.stop();
  await guarded.stop();
});

async function waysInto(server: Guarded): Promise<Way[]> {
  const ways: Way[] = [];
  const add = (name: string, headers: IncomingHttpHeaders, is: Way['is'], token?: string): void => {
    const more = token === undefined ? {} : { token };
    ways.push({ name: `${name}, from here`, headers, is, here: true, ...more });
    ways.push({
      name: `${name}, from elsewhere`,
      headers: { ...headers, ...from(ELSEWHERE) },
      is,
      here: false,
      ...more,
    });
    ways.push({
      name: `${name}, in a foreign page`,
      headers: { ...headers, ...FOREIGN },
      is: 403,
      here: true,
      ...more,
    });
  };
  for (const role of roles) {
    add(`password of ${role}`, basic(role), role);
    add(`token of ${role}`, bearer(await server.book.create(role, role)), role);
    add(`cookie of ${role}`, { cookie: await server.cookie(role) }, role);
    add(`token of ${role} over a socket`, {}, role, await server.book.create(`socket-${role}`, role));
  }
  const revoked = await server.book.create('revoked', 'admin');
  await server.book.revoke('revoked');
  const gone = basic('gone');
  const goneCookie = { cookie: await server.cookie('gone') };
  server.access.apply({ ...server.settings, users });
  const loggedOut = { cookie: await server.cookie('admin') };
  await server.ask('POST', '/api/v1/logout', loggedOut);
  add('nothing', {}, 401);
  add('a wrong password', basic('admin', 'wrong'), 401);
  add('an unknown user', basic('nobody'), 401);
  add('a user that was removed', gone, 401);
  add('a wrong token', bearer(newToken().text), 401);
  add('an expired token', bearer(await server.book.create('old', 'admin', server.clock.now() / 1000 - 1000)), 401);
  add('a revoked token', bearer(revoked), 401);
  add('a revoked token over a socket', {}, 401, revoked);
  add('a malformed header', { authorization: 'Basic !' }, 401);
  add('a scheme of its own', { authorization: 'Negotiate abc' }, 401);
  add('a wrong cookie', { cookie: 'labwire_session=a.b' }, 401);
  add('the cookie of a user that was removed', goneCookie, 401);
  add('the cookie of a session that is over', loggedOut, 401);
  return ways;
}

function allowed({ is, here }: Way, access: Access): boolean {
  if (access === 'public') return true;
  if (typeof is === 'number') return false;
  return access === 'local' ? here : atLeast(is, access);
}

/** What a request is refused with; undefined where it is not. */
function refusal(way: Way, access: Access): number | undefined {
  if ('origin' in way.headers) return 403;
  if (allowed(way, access)) return undefined;
  return typeof way.is === 'number' ? way.is : 403;
}

/** As who guesses for ever would have to. */
const later = (server: Guarded): void => server.clock.block(60_000);

describe.each(['open', 'guarded'] as const)('a server that is %s', (kind) => {
  const server = (): Guarded => (kind === 'open' ? open : guarded);

  it('has no route but those whose access is written down here', () => {
    const found = server()
      .routes.filter(({ method }) => method !== 'HEAD')
      .map(({ method, url }) => `${method} ${url}`);
    expect(found.sort()).toEqual(Object.keys(routeAccess).sort());
  });

  it('has no event but those whose access is written down here', () => {
    expect(eventAccess).toEqual(wantedOfEvents);
  });

  it('lets each way to ask do with each route what is written down, and no more', async () => {
    const wrong: string[] = [];
    const ways = waysTo[kind].filter(({ token }) => token === undefined);
    expect(ways.length).toBeGreaterThan(9);
    for (const { method, url } of server().routes) {
      const access = routeAccess[`${method.replace('HEAD', 'GET')} ${url.replace(/\/$/, '')}`] ?? 'admin';
      const path = url.replace(/:\w+/, 'x').replace('*', 'x');
      for (const way of ways) {
        // A logout would end what is used further on.
        if (url.endsWith('/logout') && way.headers.cookie) continue;
        const answer = await server().ask(
          method,
          path,
          way.headers,
          method === 'GET' || method === 'HEAD' ? undefined : {},
        );
        const refused = [401, 403, 429].includes(answer.status) ? answer.status : undefined;
        if (refused !== refusal(way, access) || answer.status >= 500)
          wrong.push(`${way.name}: ${method} ${url} (${access}): ${answer.status} ${answer.text.slice(0, 100)}`);
        later(server());
      }
    }
    expect(wrong).toEqual([]);
  });

  it('lets each way to connect send each event as it is written down, and no more', async () => {
    const wrong: string[] = [];
    for (const way of waysTo[kind]) {
      const socket = server().socket(way.headers, way.token);
      const entered = await entry(socket);
      const wanted = 'origin' in way.headers ? 'FORBIDDEN' : typeof way.is === 'number' ? codes[way.is] : 'connect';
      if (entered !== wanted) wrong.push(`${way.name}: ${entered} and not ${wanted}`);
      for (const [event, access] of Object.entries(wantedOfEvents)) {
        if (entered !== 'connect') break;
        const answer: { code?: string } | null = await socket.timeout(30_000).emitWithAck(event, {});
        if ((answer?.code !== 'FORBIDDEN') !== allowed(way, access))
          wrong.push(`${way.name}: ${event}: ${answer?.code}`);
      }
      socket.disconnect();
      later(server());
    }
    expect(wrong).toEqual([]);
  });
});
