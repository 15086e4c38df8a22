import type { FastifyInstance } from 'fastify';
import { metricsText } from '../metrics.ts';
import { TrafficRoute } from '../traffic-route.ts';
import type { Health, RouteViews } from './views.ts';

export type { Health, RouteViews } from './views.ts';

/** The routes of labwire's own, each group where its view is given. */
export async function registerRoutes(app: FastifyInstance, views: RouteViews): Promise<void> {
  app.get('/healthz', { config: { access: 'public' } }, async (_request, reply) => {
    const health: Health = views.health();
    return reply.code(health.ok ? 200 : 503).send(health);
  });
  const { metrics, ports } = views;
  if (metrics) {
    app.get('/metrics', { config: { access: 'public' } }, async (_request, reply) =>
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(metricsText(metrics())),
    );
  }
  if (ports) {
    const traffic = new TrafficRoute(ports);
    app.get('/api/v1/ports/*', { config: { access: 'local' } }, (request, reply) => {
      reply.hijack();
      if (!traffic.answer(request.raw, reply.raw)) reply.raw.writeHead(404).end();
    });
  }
}
