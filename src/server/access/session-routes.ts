import '@fastify/swagger';
import cookie from '@fastify/cookie';
import type { FastifyInstance } from 'fastify';
import { ACCOUNT_NAME, roles } from '../../base/index.ts';
import { errorAnswers } from '../routes/json-schema.ts';
import type { AccessControl } from './access-control.ts';
import { SESSION_COOKIE } from './credentials.ts';
import type { Principal } from './principal.ts';
import { LONGEST_PASSWORD } from './scrypt.ts';
import { SESSION_SECONDS } from './sessions.ts';
import { visitOf } from './visit.ts';

const me = {
  type: 'object',
  required: ['name', 'role', 'way'],
  properties: {
    name: { type: 'string', description: 'Of the user or token; `local` where nobody has to say who he is.' },
    role: { type: 'string', enum: roles },
    way: { type: 'string', enum: ['local', 'password', 'token', 'session'] },
  },
} as const;

const login = {
  type: 'object',
  additionalProperties: false,
  required: ['user', 'password'],
  properties: {
    user: { type: 'string', pattern: ACCOUNT_NAME.source },
    password: { type: 'string', minLength: 1, maxLength: LONGEST_PASSWORD },
  },
} as const;

/** `login`, `logout` and `me` below `/api/v1`: for the web page, which keeps no password. */
export async function sessionRoutes(app: FastifyInstance, { access }: { access: AccessControl }): Promise<void> {
  await app.register(cookie);

  app.post<{ Body: { user: string; password: string } }>(
    '/api/v1/login',
    {
      config: { access: 'public' },
      schema: {
        summary: 'Log in: answers with a cookie, for browsers.',
        tags: ['access'],
        body: login,
        response: { 200: me, ...errorAnswers(400, 401, 429) },
      },
    },
    async (request, reply) => {
      const { user, password } = request.body;
      const visit = visitOf(request.raw);
      const session = await access.login(user, password, visit);
      reply.setCookie(SESSION_COOKIE, session.cookie, { ...attributes(visit.encrypted), maxAge: SESSION_SECONDS });
      return described(session.principal);
    },
  );

  app.post(
    '/api/v1/logout',
    { config: { access: 'public' }, schema: { summary: 'Log out.', tags: ['access'], response: { 204: {} } } },
    async (request, reply) => {
      access.logout(request.headers);
      reply.clearCookie(SESSION_COOKIE, attributes(visitOf(request.raw).encrypted));
      return reply.code(204).send();
    },
  );

  app.get(
    '/api/v1/me',
    {
      config: { access: 'viewer' },
      schema: { summary: 'Who asks, and with which role.', tags: ['access'], response: { 200: me } },
    },
    async ({ principal }) => (principal ? described(principal) : undefined),
  );
}

/** No script reads it, no page of another site sends it along, and over TLS it never leaves without. */
function attributes(secure: boolean): { path: string; httpOnly: true; sameSite: 'strict'; secure: boolean } {
  return { path: '/', httpOnly: true, sameSite: 'strict', secure };
}

function described({ name, role, way }: Principal): Omit<Principal, 'fromHere'> {
  return { name, role, way };
}
