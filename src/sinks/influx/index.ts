export { type InfluxSinkOptions, influxSink } from './influx-sink.ts';
export { LineProtocol } from './line-protocol.ts';
