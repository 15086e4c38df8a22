export { checkConfiguration, type GatewayParts } from './composition.ts';
export { type ConfiguredDevice, describedDevices } from './described-devices.ts';
export { type FoundLine, findLine, modelLine } from './find-line.ts';
export { Gateway, type GatewayOptions } from './gateway.ts';
export { portName, transportTo } from './port-options.ts';
export { configuredPorts, type MissingPort, type PortUse, type UsedPort, usedBy } from './used-ports.ts';
export type { Vitals } from './vitals.ts';
