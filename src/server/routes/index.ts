import type { FastifyInstance } from 'fastify';
import { RequestCounts } from '../request-counts.ts';
import { documentRoutes } from './document.ts';
import { gatewayRoutes } from './gateway-routes.ts';
import { healthRoutes } from './health-routes.ts';
import { recordRoutes } from './record-routes.ts';
import { trafficRoutes } from './traffic-routes.ts';
import type { RouteViews } from './views.ts';

export { collectRoutes } from './document.ts';
export type {
  DeviceDetails,
  DeviceSummary,
  GatewayInfo,
  GatewayView,
  Health,
  ListedPorts,
  ListedSink,
  ModelDetails,
  ModelSummary,
  Readiness,
  RouteViews,
} from './views.ts';

/** The routes of labwire's own, each group where its view is given. */
export async function registerRoutes(app: FastifyInstance, views: RouteViews): Promise<void> {
  const counts = new RequestCounts();
  counts.observe(app);
  await app.register(async (own) => {
    // What is asked is read by its shape, in the handlers; the schemas are for the document.
    own.setValidatorCompiler(() => () => true);
    await own.register(healthRoutes, { views, counts });
    const { gateway, records, ports } = views;
    if (gateway) await own.register(gatewayRoutes, { gateway });
    if (records) await own.register(recordRoutes, { records, ...(gateway && { gateway }) });
    if (ports) await own.register(trafficRoutes, { ports });
    await own.register(documentRoutes);
  });
}
