import type { Configuration } from '../config/index.ts';
import type { Journal } from '../journal/index.ts';
import type { PortView, RouteViews } from '../server/index.ts';
import type { Plans } from './composition.ts';
import type { Device } from './device.ts';
import type { LineSet } from './line-set.ts';
import { gatewayMetrics } from './metrics.ts';
import type { SinkSet } from './sink-set.ts';

/** What the server may look at of a gateway. */
export interface ViewedGateway {
  readonly journal: Journal;
  readonly devices: ReadonlyMap<string, Device>;
  readonly lines: LineSet;
  /** As they are at each look. */
  readonly sinks: () => SinkSet;
  readonly configuration: () => Configuration;
  readonly plans: () => Plans;
}

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
    metrics: () =>
      gatewayMetrics({
        gateway: gateway.configuration().gateway.id,
        sinks: gateway.sinks().statuses(),
        devices,
        journal,
      }),
  };
}
