export {
  formatIssue,
  type LoadedConfiguration,
  type LoadOptions,
  type LocatedIssue,
  loadConfiguration,
} from './load.ts';
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
  type InfluxConfiguration,
  type MqttConfiguration,
} from './schema.ts';
export { watchConfiguration } from './watch.ts';
