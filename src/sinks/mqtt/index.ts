export { type EmbeddedBroker, startEmbeddedBroker } from './embedded-broker.ts';
export { type MqttSinkOptions, mqttSink } from './mqtt-sink.ts';
