export { csvCell, type FileSinkOptions, fileSink } from './file/index.ts';
export { type InfluxSinkOptions, influxSink, LineProtocol } from './influx/index.ts';
export { type EmbeddedBroker, type MqttSinkOptions, mqttSink, startEmbeddedBroker } from './mqtt/index.ts';
export type { Requests } from './requests.ts';
export type { DeadLetter, Sink, SinkParts, SinkStatus, StateEntry, StateSource } from './sink.ts';
