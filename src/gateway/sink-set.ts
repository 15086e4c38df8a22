import type { Configuration } from '../config/index.ts';
import {
  type EmbeddedBroker,
  influxSink,
  mqttSink,
  type Sink,
  type SinkParts,
  type SinkStatus,
  startEmbeddedBroker,
} from '../sinks/index.ts';
import { definedOnly } from './defined-only.ts';

export interface SinkSetParts extends SinkParts {
  /** Told what a sink says about itself whenever that changed; undefined when the sink is gone. */
  tell(name: string, status: SinkStatus | undefined): void;
}

/** The brokers and databases of a gateway. */
export class SinkSet {
  readonly #parts: SinkSetParts;
  #sinks: Sink[] = [];
  #broker: EmbeddedBroker | undefined;

  constructor(parts: SinkSetParts) {
    this.#parts = parts;
  }

  /** Where the embedded broker listens; undefined where there is none. */
  get brokerUrl(): string | undefined {
    return this.#broker?.url;
  }

  async start({ gateway, mqtt, influx }: Configuration): Promise<void> {
    if (mqtt && 'embedded' in mqtt)
      this.#broker = await startEmbeddedBroker(this.#parts.log, definedOnly(mqtt.embedded));
    const url = mqtt && ('embedded' in mqtt ? this.#broker?.url : mqtt.url);
    if (mqtt && url !== undefined) {
      this.#add(mqttSink({ name: 'mqtt', gateway: gateway.id, ...mqtt, url }, this.#parts));
    }
    if (influx) this.#add(influxSink({ name: 'influx', gateway: gateway.id, ...influx }, this.#parts));
  }

  #add(sink: Sink): void {
    const { tell } = this.#parts;
    this.#sinks.push(sink);
    sink.onStatus(() => tell(sink.name, sink.status));
    tell(sink.name, sink.status);
    sink.start();
  }

  /** Tells the counts that change all the time. */
  refresh(): void {
    for (const sink of this.#sinks) this.#parts.tell(sink.name, sink.status);
  }

  /** Delivers what can be delivered within the limit. */
  async stop(limitMs: number): Promise<void> {
    const sinks = this.#sinks.splice(0);
    await Promise.all(sinks.map((sink) => sink.stop(limitMs)));
    for (const { name } of sinks) this.#parts.tell(name, undefined);
    await this.#broker?.stop();
    this.#broker = undefined;
  }
}
