import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { SESSION_COOKIE } from '../access/credentials.ts';
import type { Access } from '../gate.ts';
import { errorAnswers } from './json-schema.ts';

const PAGE = '/api/docs';
const DOCUMENT = '/api/openapi.json';

const rights: Readonly<Record<Access, string>> = {
  public: 'Anybody may ask.',
  viewer: 'Needs the role viewer.',
  operator: 'Needs the role operator.',
  admin: 'Needs the role admin.',
  local: 'Only for programs on the machine of the gateway.',
};

/** Collects the routes that are added from now on into an OpenAPI document. */
export function collectRoutes(app: FastifyInstance): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'labwire',
        version: '1',
        description:
          'The gateway over HTTP. What changes can be had live over socket.io at /ws/socket.io. ' +
          'Readers ignore keys that they do not know.',
      },
      tags: [
        { name: 'gateway', description: 'What the gateway consists of' },
        { name: 'records', description: 'What was recorded' },
        { name: 'service', description: 'To read and write, as the clients of pydase do' },
        { name: 'access', description: 'Who asks' },
        { name: 'health', description: 'For whoever supervises the process' },
      ],
      components: {
        securitySchemes: {
          password: { type: 'http', scheme: 'basic' },
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const needed = accessOf(route);
      const { description, ...facts } = (schema ?? {}) as Record<string, unknown>;
      const said = [description, rights[needed]].filter(Boolean).join('\n\n');
      const open = needed === 'public';
      const security = open ? [] : [{ password: [] }, { token: [] }, { session: [] }, {}];
      const refusals = open ? {} : errorAnswers(401, 403, 429);
      const response = { ...refusals, ...(facts.response as object | undefined) };
      return { schema: { ...facts, response, description: said, security } as typeof schema, url };
    },
  });
}

/** The document of what was collected at `/api/openapi.json`, and a page of it at `/api/docs`. */
export async function documentRoutes(app: FastifyInstance): Promise<void> {
  app.get(DOCUMENT, {
    config: { access: 'viewer' },
    schema: {
      tags: ['health'],
      summary: 'This document',
      response: { 200: { type: 'object', description: 'OpenAPI 3.1', additionalProperties: true } },
    },
    handler: async () => app.swagger(),
  });
  await app.register(async (page) => {
    page.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'viewer' };
    });
    await page.register(swaggerUi, {
      routePrefix: PAGE,
      // Without this the page asks a server on the internet whether the document is well.
      uiConfig: { validatorUrl: null, docExpansion: 'list', tryItOutEnabled: true },
      theme: { title: 'labwire: HTTP interface' },
    });
  });
}

function accessOf({ config }: RouteOptions): Access {
  return config?.access ?? 'admin';
}
