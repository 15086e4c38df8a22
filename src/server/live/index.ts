export { eventAccess } from './client-events.ts';
export { type LiveCounters, LiveServer, type LiveServerOptions } from './live-server.ts';
