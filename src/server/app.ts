import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { LabwireError, type Logger, silentLogger } from '../base/index.ts';
import type { TlsKeys } from './access/certificate.ts';
import { gateOfThisMachine } from './access/gate-of.ts';
import type { Principal } from './access/principal.ts';
import { AccessRefused, challengeOf } from './access/refusal.ts';
import { visitOf } from './access/visit.ts';
import { asLabwireError, errorBody, statusOf } from './error-reply.ts';
import { type Access, type Gate, refusal } from './gate.ts';
import { onceClosed } from './gone.ts';
import { KnownRoutes } from './known-routes.ts';
import { collectRoutes } from './routes/index.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may use the route. A route without it is a mistake, and the server does not start. */
    access?: Access;
    /** Who asks is refused only when the body is there, so that it can be told what was asked. */
    refusesWithBody?: boolean;
  }
  interface FastifyRequest {
    /** Who asks; undefined where the route is `public`. Of an error it may be somebody who may not ask. */
    principal: Principal | undefined;
  }
}

export interface AppOptions {
  readonly log?: Logger;
  /** Default: every program on this machine may do everything, and nobody else anything. */
  readonly gate?: Gate;
  /** Default: without TLS. */
  readonly tls?: TlsKeys;
}

/** From the first byte of a request to its last, and for its headers. */
const REQUEST_LIMIT_MS = 5_000;
const KEEP_ALIVE_MS = 5_000;
/** Until an answer is taken; one that goes on, such as the traffic of a port, is sent past this and has a limit of its own. */
const ANSWER_LIMIT_MS = 60_000;
/** So often it is looked whether a request has taken too long. */
const LOOK_MS = 1_000;
/** Of a request's body, in bytes. */
const BODY_LIMIT = 1024 * 1024;
/** Requests of one connection that are not answered yet: nobody has to send more before there is an answer. */
const UNANSWERED = 32;
/** Of one part of a path, in characters. */
const LONGEST_PARAMETER = 1_024;

/**
 * The HTTP server without its routes: limits, access, errors as JSON. Each route states who may use it by
 * `config: { access }`; nobody else ever gets to its handler. Not listening yet.
 */
export function buildApp(options: AppOptions = {}): FastifyInstance {
  const { log = silentLogger, gate = gateOfThisMachine(), tls } = options;
  const looks = { connectionsCheckingInterval: LOOK_MS };
  const app = fastify({
    ...(tls ? { https: { ...tls, ...looks, handshakeTimeout: REQUEST_LIMIT_MS } } : { http: looks }),
    logger: false,
    trustProxy: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_LIMIT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    // A value of a wrong type is refused, and a key too many is not dropped without a word.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true, allErrors: false } },
    frameworkErrors: (error, _request, reply) => {
      void (reply as unknown as FastifyReply).code(statusOf(error)).send(errorBody(asLabwireError(error)));
    },
    clientErrorHandler: refuseMalformed,
  }) as unknown as FastifyInstance;
  app.server.headersTimeout = REQUEST_LIMIT_MS;
  refusePipelines(app);
  // Schemas document what is answered; they never leave out a part of it.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  // Only JSON: a form of a foreign page cannot send that.
  app.removeContentTypeParser('text/plain');
  app.addHook('onSend', async (_request, { raw }) => limitAnswer(raw));
  answerErrors(app, log);
  collectRoutes(app);
  gate.install(app);
  guard(app, gate);
  return app;
}

/** A thousand requests come in one piece, and their answers would all be made before anybody else has his turn. */
function refusePipelines(app: FastifyInstance): void {
  const open = new WeakMap<Socket, number>();
  app.addHook('onRequest', async ({ raw: { socket } }, reply) => {
    const unanswered = open.get(socket) ?? 0;
    if (unanswered >= UNANSWERED) {
      reply.hijack();
      socket.destroy();
      return reply;
    }
    open.set(socket, unanswered + 1);
    reply.raw.once('close', () => open.set(socket, (open.get(socket) ?? 1) - 1));
  });
}

/** Of a client that does not read, the connection is cut: what it was to get is memory of the gateway. */
function limitAnswer(response: ServerResponse): void {
  const limit = setTimeout(() => response.destroy(), ANSWER_LIMIT_MS).unref();
  for (const end of ['finish', 'close']) response.once(end, () => clearTimeout(limit));
}

/** What is no HTTP, or not in time. */
function refuseMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (socket.writable && error.code !== 'ECONNRESET') {
    const [status, message] = malformed[error.code ?? ''] ?? ['400 Bad Request', 'This is no request of HTTP'];
    const body = JSON.stringify(errorBody(new LabwireError('REQUEST_INVALID', message)));
    const length = Buffer.byteLength(body);
    socket.write(
      `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroy();
}

const malformed: Record<string, readonly [status: string, message: string] | undefined> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers of the request are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', `A request must be here within ${REQUEST_LIMIT_MS / 1000} s`],
};

function answerErrors(app: FastifyInstance, log: Logger): void {
  const known = new KnownRoutes();
  app.addHook('onRoute', ({ url, method }) => known.add(url, method));
  app.setNotFoundHandler((request) => {
    throw known.refusal(request.url.split('?')[0] ?? '');
  });
  app.setErrorHandler((thrown, request, reply) => {
    const error = asLabwireError(thrown);
    const status = statusOf(error);
    if (status === 500)
      log.error({ err: thrown }, `${request.method} ${request.routeOptions.url} failed: ${error.message}`);
    if (status === 401) reply.header('www-authenticate', challengeOf(request.headers));
    if (error instanceof AccessRefused && error.retryAfter !== undefined)
      reply.header('retry-after', String(error.retryAfter));
    return reply.code(status).send(errorBody(error));
  });
}

function guard(app: FastifyInstance, gate: Gate): void {
  const routes: { readonly url: string; readonly config?: { access?: Access } }[] = [];
  app.decorateRequest('principal', undefined);
  app.addHook('onRoute', (route) => {
    routes.push(route);
  });
  app.addHook('onReady', async () => {
    for (const { url, config } of routes) {
      if (!config?.access) throw new LabwireError('INTERNAL', `The route ${url} does not say who may use it`);
    }
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store');
    const { access, refusesWithBody } = request.routeOptions.config;
    // Without one it is no route, and the answer is 404.
    if (access === undefined || access === 'public') return;
    const principal = await gate.authenticate(visitOf(request.raw));
    request.principal = principal;
    if (!refusesWithBody) refuse(gate, principal, access);
    // What goes on for longer, such as the traffic of a port, ends with the right to it.
    const end = gate.watch(principal, (now) => {
      if (!now || !gate.allows(now, access)) reply.raw.destroy();
    });
    onceClosed(reply.raw, end);
  });
  app.addHook('preHandler', async ({ principal, routeOptions }) => {
    const { access, refusesWithBody } = routeOptions.config;
    if (refusesWithBody && access && principal) refuse(gate, principal, access);
  });
}

function refuse(gate: Gate, principal: Principal, access: Access): void {
  if (!gate.allows(principal, access)) throw new LabwireError('FORBIDDEN', refusal(principal, access));
}
