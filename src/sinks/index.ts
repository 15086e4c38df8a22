export { type FileSinkOptions, fileSink } from './file/index.ts';
export { type InfluxSinkOptions, influxSink } from './influx/index.ts';
export { type EmbeddedBroker, type MqttSinkOptions, mqttSink, startEmbeddedBroker } from './mqtt/index.ts';
export type { DeadLetter, Sink, SinkParts, SinkStatus, StateEntry, StateSource } from './sink.ts';
