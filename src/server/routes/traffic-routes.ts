import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { LabwireError } from '../../base/index.ts';
import { onceClosed } from '../gone.ts';
import type { PortsView } from '../ports-view.ts';
import { streamTraffic } from '../traffic-stream.ts';
import { routeSchema } from './json-schema.ts';
import { readParameters } from './query.ts';

const FOLLOWERS = 8;
const ENDING = '/traffic';

const portName = z.object({ name: z.string().describe('A device, a shared line, or the path of a port') });
const trafficQuery = z.object({
  follow: z.enum(['true', 'false']).default('true').describe('Whether to go on with what comes; default true'),
});

/**
 * `GET /api/v1/ports/<device, port or path>/traffic`: what lately went over a port and what goes over it now, a JSON
 * object per line; with `?follow=false` it ends with what is there. Only for this machine.
 */
export async function trafficRoutes(app: FastifyInstance, { ports }: { ports: PortsView }): Promise<void> {
  let followers = 0;
  const tell = (name: string, query: unknown, reply: FastifyReply): void => {
    const { follow } = readParameters(trafficQuery, query);
    const port = ports.find(name);
    if (!port) throw new LabwireError('NOT_FOUND', `There is no port "${name}" here; ${known(ports)}`);
    if (followers >= FOLLOWERS)
      throw new LabwireError('QUEUE_FULL', `${FOLLOWERS} clients follow ports already: end one of them`);
    followers++;
    onceClosed(reply.raw, () => followers--);
    reply.hijack();
    streamTraffic(port, reply.raw, follow === 'true');
  };

  app.get('/api/v1/ports/:name/traffic', {
    config: { access: 'local' },
    exposeHeadRoute: false,
    schema: {
      ...routeSchema({
        tags: ['gateway'],
        summary: 'What goes over a port',
        description: 'A JSON object per line: first one about the port, then what its ring holds, then what comes.',
        params: portName,
        query: trafficQuery,
        answer: z.string(),
        others: [400, 404, 503],
      }),
      produces: ['application/x-ndjson'],
    },
    handler: (request, reply) => tell(readParameters(portName, request.params).name, request.query, reply),
  });
  // A path that was written as it stands: /dev/ttyUSB0.
  app.get<{ Params: { '*': string } }>('/api/v1/ports/*', {
    config: { access: 'local' },
    exposeHeadRoute: false,
    schema: { hide: true },
    handler: ({ params, query }, reply) => {
      const { '*': path } = params;
      if (!path.endsWith(ENDING))
        throw new LabwireError('NOT_FOUND', 'There is only /api/v1/ports/<name>/traffic here');
      tell(path.slice(0, -ENDING.length), query, reply);
    },
  });
}

function known(ports: PortsView): string {
  const names = ports.names();
  return names.length === 0 ? 'there are none' : `there are ${names.join(', ')}`;
}
