export { type Address, type Health, HttpServer, type HttpServerOptions } from './http-server.ts';
export { type JsonLogOptions, jsonLog } from './json-log.ts';
export type { Metric, MetricSample } from './metrics.ts';
export type { PortsView, PortView, TrafficLine, TrafficView } from './ports-view.ts';
export { type Runnable, runUntilStopped } from './run-until-stopped.ts';
export { Server, type ServerOptions } from './server.ts';
