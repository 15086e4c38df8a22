import type { z } from 'zod';
import type { Journal } from '../../journal/index.ts';
import type { Metric } from '../metrics.ts';
import type { PortsView } from '../ports-view.ts';
import type * as shapes from './shapes.ts';

/** What `/healthz` answers: status 200 when `ok`, else 503. */
export interface Health {
  readonly ok: boolean;
  readonly [detail: string]: unknown;
}

/** What `/readyz` answers: status 200 when `ready`, else 503. */
export type Readiness = z.input<typeof shapes.readiness>;

export type DeviceSummary = z.input<typeof shapes.deviceSummary>;
export type DeviceDetails = z.input<typeof shapes.device>;
export type ListedPorts = z.input<typeof shapes.ports>;
export type ModelSummary = z.input<typeof shapes.modelSummary>;
export type ModelDetails = z.input<typeof shapes.model>;
export type ListedSink = z.input<typeof shapes.sinks>['sinks'][number];
export type GatewayInfo = Omit<z.input<typeof shapes.info>, 'time'>;

/** A gateway as the server shows it: as it is at each look. */
export interface GatewayView {
  info(): GatewayInfo;
  devices(): Iterable<DeviceSummary>;
  device(id: string): DeviceDetails | undefined;
  /** Ids of all devices, cheaply. */
  deviceIds(): readonly string[];
  listPorts(): Promise<ListedPorts>;
  models(): Iterable<ModelSummary>;
  model(id: string): ModelDetails | undefined;
  sinks(): Iterable<ListedSink>;
}

/** What the server shows beside the service; a part that is not given has no routes. */
export interface RouteViews {
  health(): Health;
  /** Whether it does what it is there for. */
  readiness?(): Readiness;
  /** What `/metrics` shows. */
  metrics?(): Iterable<Metric>;
  /** Whose traffic is shown. */
  readonly ports?: PortsView;
  readonly gateway?: GatewayView;
  /** Where histories and events are from. */
  readonly records?: Pick<Journal, 'history' | 'events'>;
}
