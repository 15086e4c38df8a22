import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { metricsText } from '../metrics.ts';
import type { RequestCounts } from '../request-counts.ts';
import { routeSchema } from './json-schema.ts';
import { aliveness, readiness as readinessShape } from './shapes.ts';
import type { RouteViews } from './views.ts';

export interface HealthViews {
  readonly views: Pick<RouteViews, 'health' | 'readiness' | 'metrics'>;
  readonly counts: RequestCounts;
}

/** `/healthz`, `/readyz` and `/metrics`, for whoever supervises the process. */
export async function healthRoutes(app: FastifyInstance, { views, counts }: HealthViews): Promise<void> {
  app.get('/healthz', {
    config: { access: 'public' },
    schema: routeSchema({
      tags: ['health'],
      summary: 'Whether the process is alive',
      answer: aliveness,
      others: [[503, 'It is to be restarted', aliveness]],
    }),
    handler: async (_request, reply) => {
      const health = views.health();
      return reply.code(health.ok ? 200 : 503).send(health);
    },
  });
  const { readiness, metrics } = views;
  if (readiness) {
    app.get('/readyz', {
      config: { access: 'public' },
      schema: routeSchema({
        tags: ['health'],
        summary: 'Whether it records: started, and its journal well',
        answer: readinessShape,
        others: [[503, 'Not now; the reasons say why', readinessShape]],
      }),
      handler: async (_request, reply) => {
        const answer = readiness();
        return reply.code(answer.ready ? 200 : 503).send(answer);
      },
    });
  }
  if (metrics) {
    app.get('/metrics', {
      config: { access: 'viewer' },
      schema: {
        ...routeSchema({ tags: ['health'], summary: "Figures in Prometheus's text format", answer: z.string() }),
        produces: ['text/plain'],
      },
      handler: async (_request, reply) =>
        reply.type('text/plain; version=0.0.4; charset=utf-8').send(metricsText([...metrics(), ...counts.metrics()])),
    });
  }
}
