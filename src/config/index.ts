export {
  formatIssue,
  type LoadedConfiguration,
  type LoadOptions,
  type LocatedIssue,
  loadConfiguration,
} from './load.ts';
export type { MqttConfiguration } from './mqtt-schema.ts';
export { type PortConfiguration, type SharedPortConfiguration, tcpAddressOf } from './port-schema.ts';
export {
  type Configuration,
  type ConfigurationInput,
  channelId,
  configSchema,
  configSchemaWith,
  type DeviceConfiguration,
  type DeviceInput,
  defaultGatewayId,
  driverSection,
} from './schema.ts';
export type { FilesConfiguration, InfluxConfiguration } from './sink-schema.ts';
export { type ConfiguredSink, configuredSinks } from './sinks.ts';
export { watchConfiguration } from './watch.ts';
