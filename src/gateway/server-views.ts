import type { PortView, Readiness, RouteViews } from '../server/index.ts';
import { gatewayView } from './gateway-view.ts';
import { gatewayMetrics } from './metrics.ts';
import type { ViewedGateway } from './viewed-gateway.ts';

/** What the server shows of a gateway, as its interfaces want it. */
export function serverViews(gateway: ViewedGateway): RouteViews {
  const { journal, devices, lines } = gateway;
  const findPort = (name: string): PortView | undefined =>
    lines.find(name) ?? lines.find(gateway.plans().lines.get(name)?.id ?? name);
  return {
    health: () => ({
      ok: true,
      gateway: gateway.configuration().gateway.id,
      journal: journal.state,
      devices: Object.fromEntries([...devices].map(([id, device]) => [id, device.health])),
    }),
    // Devices by their own ids, those that share a line too, and the shared lines.
    ports: { names: () => [...new Set([...devices.keys(), ...lines.names()])], find: findPort },
    readiness: () => readinessOf(gateway),
    gateway: gatewayView(gateway),
    records: journal,
    metrics: () =>
      gatewayMetrics({
        gateway: gateway.configuration().gateway.id,
        sinks: gateway.sinks().statuses(),
        devices,
        journal,
        clients: gateway.clients(),
      }),
  };
}

/** Anybody may ask: of the journal's file nothing is told. */
function readinessOf({ running, journal }: ViewedGateway): Readiness {
  const reasons: string[] = [];
  if (!running()) reasons.push('The gateway is being started or stopped.');
  if (journal.state.state !== 'ok')
    reasons.push(`What is recorded does not reach the disk (${journal.state.code}); it is kept in memory.`);
  return { ready: reasons.length === 0, reasons };
}
