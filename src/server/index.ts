export {
  AccessControl,
  type AccessParts,
  type AccessSettings,
  gateOf,
  hashPassword,
  type ListedToken,
  type Principal,
  type TlsFiles,
  TokenBook,
} from './access/index.ts';
export { tapErrors } from './error-tap.ts';
export type { Access, Gate } from './gate.ts';
export { type Address, HttpServer, type HttpServerOptions } from './http-server.ts';
export { type JsonLogOptions, jsonLog, standardError } from './json-log.ts';
export type { LiveCounters } from './live/index.ts';
export type { Metric, MetricSample } from './metrics.ts';
export type { PortsView, PortView, TrafficLine, TrafficView } from './ports-view.ts';
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
} from './routes/index.ts';
export { type Runnable, runUntilStopped } from './run-until-stopped.ts';
export { Server, type ServerOptions } from './server.ts';
