import type { Sink, SinkParts } from '../sink.ts';

export interface MqttSinkOptions {
  /** Name of the sink and of its offset in the journal. */
  readonly name: string;
  /** `mqtt://host:1883`, or `mqtts:`, `ws:`, `wss:`. */
  readonly url: string;
  /** First level of every topic, default `labwire`. */
  readonly base?: string | undefined;
  /** Quality of service of everything published, default 1. */
  readonly qos?: 0 | 1 | 2 | undefined;
  /** Id of the gateway, second level of every topic. */
  readonly gateway: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Default: made of the gateway's id and a random part. */
  readonly clientId?: string | undefined;
}

export function mqttSink(_options: MqttSinkOptions, _parts: SinkParts): Sink {
  throw new Error('to come');
}
