export { checkConfiguration, type GatewayParts } from './composition.ts';
export { Gateway, type GatewayOptions } from './gateway.ts';
export { version } from './version.ts';
