export { type InfluxSinkOptions, influxSink } from './influx-sink.ts';
