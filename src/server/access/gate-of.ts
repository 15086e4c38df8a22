import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import type { Gate } from '../gate.ts';
import { AccessControl } from './access-control.ts';
import { answerOrigin } from './cross-origin.ts';
import { securityHeaders } from './security-headers.ts';
import { sessionRoutes } from './session-routes.ts';

/** The gate of a server: who may come in, with all that belongs to it over HTTP. */
export function gateOf(access: AccessControl): Gate {
  return {
    authenticate: (visit) => access.authenticate(visit),
    allows: (principal, needed) => access.allows(principal, needed),
    watch: (principal, told) => access.watch(principal, told),
    lists: (origin) => access.lists(origin),
    install: (app) => install(app, access),
  };
}

/** Lets in every program on this machine, and nobody else. */
export function gateOfThisMachine(): Gate {
  return gateOf(new AccessControl({ host: 'localhost', users: {}, origins: [] }));
}

function install(app: FastifyInstance, access: AccessControl): void {
  void app.register(helmet, securityHeaders);
  // Here and not by the plugin itself, which would come after the guard: refusals need the headers too.
  app.addHook('onRequest', async (request, reply) => {
    await reply.helmet();
    if (answerOrigin(access, request, reply)) return reply;
  });
  void app.register(sessionRoutes, { access });
}
