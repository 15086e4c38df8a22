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

/** The names of the sinks are the keys of the configuration. */
export const sinkNames = ['mqtt', 'influx'] as const;
export type SinkName = (typeof sinkNames)[number];

export interface SinkSetParts extends SinkParts {
  /** Told what a sink says about itself whenever that changed; undefined when the sink is gone. */
  tell(name: SinkName, status: SinkStatus | undefined): void;
}

/** The brokers and databases of a gateway. */
export class SinkSet {
  readonly #parts: SinkSetParts;
  readonly #sinks = new Map<SinkName, Sink>();
  #broker: EmbeddedBroker | undefined;

  constructor(parts: SinkSetParts) {
    this.#parts = parts;
  }

  /** Where the embedded broker listens; undefined where there is none. */
  get brokerUrl(): string | undefined {
    return this.#broker?.url;
  }

  /** Starts a sink, if the configuration has it. @throws LabwireError SERVER_ADDRESS where an embedded broker cannot listen */
  async start(name: SinkName, configuration: Configuration): Promise<void> {
    const sink = name === 'mqtt' ? await this.#mqtt(configuration) : this.#influx(configuration);
    if (!sink) return;
    this.#sinks.set(name, sink);
    sink.onStatus(() => this.#parts.tell(name, sink.status));
    this.#parts.tell(name, sink.status);
    sink.start();
  }

  async #mqtt({ gateway, mqtt }: Configuration): Promise<Sink | undefined> {
    if (!mqtt) return undefined;
    const options = { name: 'mqtt', gateway: gateway.id, ...mqtt };
    if ('url' in options) return mqttSink(options, this.#parts);
    this.#broker = await startEmbeddedBroker(this.#parts.log, definedOnly(options.embedded));
    return mqttSink({ ...options, url: this.#broker.url }, this.#parts);
  }

  #influx({ gateway, influx }: Configuration): Sink | undefined {
    return influx && influxSink({ name: 'influx', gateway: gateway.id, ...influx }, this.#parts);
  }

  /** Tells the counts that change all the time. */
  refresh(): void {
    for (const [name, sink] of this.#sinks) this.#parts.tell(name, sink.status);
  }

  /** Delivers what can be delivered within the limit. */
  async stop(name: SinkName, limitMs: number): Promise<void> {
    const sink = this.#sinks.get(name);
    if (!sink) return;
    this.#sinks.delete(name);
    await sink.stop(limitMs);
    this.#parts.tell(name, undefined);
    if (name !== 'mqtt') return;
    await this.#broker?.stop();
    this.#broker = undefined;
  }
}
