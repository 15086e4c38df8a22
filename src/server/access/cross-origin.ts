import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AccessControl } from './access-control.ts';

const METHODS = 'GET, HEAD, POST, PUT, DELETE';
const HEADERS = 'authorization, content-type, x-client-id';
const REMEMBER_S = '600';

/**
 * Refuses pages of other servers, and answers those of `server.origins` as the Fetch standard wants it (CORS).
 *
 * @returns whether it was a browser's question beforehand, which is then answered
 * @throws AccessRefused FORBIDDEN
 */
export function answerOrigin(access: AccessControl, request: FastifyRequest, reply: FastifyReply): boolean {
  const { origin } = request.headers;
  // A cache must not give one page what another one got.
  reply.header('vary', 'Origin');
  access.refuseForeign(request.headers);
  if (origin === undefined || !access.lists(origin)) return false;
  reply.header('access-control-allow-origin', origin).header('access-control-allow-credentials', 'true');
  reply.header('cross-origin-resource-policy', 'cross-origin');
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
  reply.header('access-control-allow-methods', METHODS).header('access-control-allow-headers', HEADERS);
  void reply.header('access-control-max-age', REMEMBER_S).code(204).send();
  return true;
}
