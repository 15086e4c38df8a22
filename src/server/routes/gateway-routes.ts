import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { didYouMean, isoTime, LabwireError } from '../../base/index.ts';
import { routeSchema } from './json-schema.ts';
import { readParameters } from './query.ts';
import * as shapes from './shapes.ts';
import type { GatewayView } from './views.ts';

const deviceId = z.object({ id: z.string() });
const modelName = z.object({ name: z.string() });

/** What a gateway consists of: `/api/v1/info`, `devices`, `ports`, `models`, `sinks`. */
export async function gatewayRoutes(app: FastifyInstance, { gateway }: { gateway: GatewayView }): Promise<void> {
  const tags = ['gateway'];

  app.get('/api/v1/info', {
    config: { access: 'viewer' },
    schema: routeSchema({ tags, summary: 'The gateway itself', answer: shapes.info }),
    handler: async () => ({ ...gateway.info(), time: isoTime(Date.now() * 1000) }),
  });

  app.get('/api/v1/devices', {
    config: { access: 'viewer' },
    schema: routeSchema({ tags, summary: 'All devices with their newest values', answer: shapes.devices }),
    handler: async () => ({ devices: [...gateway.devices()] }),
  });
  app.get('/api/v1/devices/:id', {
    config: { access: 'viewer' },
    schema: routeSchema({
      tags,
      summary: 'A device with its newest values, settings, tasks and commands',
      params: deviceId,
      answer: shapes.device,
      others: [404],
    }),
    handler: async ({ params }) => {
      const { id } = readParameters(deviceId, params);
      return gateway.device(id) ?? missing('device', id, gateway.deviceIds());
    },
  });

  app.get('/api/v1/ports', {
    config: { access: 'viewer' },
    schema: routeSchema({
      tags,
      summary: 'The serial ports of the machine, and which device has which',
      answer: shapes.ports,
    }),
    handler: () => gateway.listPorts(),
  });

  app.get('/api/v1/models', {
    config: { access: 'viewer' },
    schema: routeSchema({ tags, summary: 'The catalogue of instruments', answer: shapes.models }),
    handler: async () => ({ models: [...gateway.models()] }),
  });
  app.get('/api/v1/models/:name', {
    config: { access: 'viewer' },
    schema: routeSchema({
      tags,
      summary: 'All that the catalogue knows of a model',
      params: modelName,
      answer: shapes.model,
      others: [404],
    }),
    handler: async ({ params }) => {
      const { name } = readParameters(modelName, params);
      return (
        gateway.model(name) ??
        missing(
          'model',
          name,
          [...gateway.models()].map(({ id }) => id),
        )
      );
    },
  });

  app.get('/api/v1/sinks', {
    config: { access: 'viewer' },
    schema: routeSchema({
      tags,
      summary: 'The brokers, databases and folders that get the records',
      answer: shapes.sinks,
    }),
    handler: async () => ({ sinks: [...gateway.sinks()] }),
  });
}

/** @throws LabwireError NOT_FOUND */
export function missing(what: string, name: string, known: readonly string[]): never {
  const hint = didYouMean(name, known) || (known.length === 0 ? ' There is none.' : '');
  throw new LabwireError('NOT_FOUND', `There is no ${what} "${name}" here.${hint}`);
}
