import type { ConfiguredSink, MqttConfiguration } from '../config/index.ts';
import {
  type EmbeddedBroker,
  fileSink,
  influxSink,
  mqttSink,
  type Requests,
  type Sink,
  type SinkParts,
  type SinkStatus,
  startEmbeddedBroker,
} from '../sinks/index.ts';
import { version } from '../version.ts';
import { definedOnly } from './defined-only.ts';

export interface SinkSetParts extends Omit<SinkParts, 'requests'> {
  /** Where requests go that come by the sink of this name. */
  requestsFor(name: string): Requests;
  /** Told what a sink says about itself whenever that changed; undefined when the sink is gone. */
  tell(name: string, status: SinkStatus | undefined): void;
}

/** The brokers, databases and folders of a gateway, by their names. */
export class SinkSet {
  readonly #parts: SinkSetParts;
  readonly #sinks = new Map<string, Sink>();
  /** Where each tells Home Assistant of the devices. */
  readonly #discoveries = new Map<string, string>();
  readonly #brokers = new Map<string, EmbeddedBroker>();

  constructor(parts: SinkSetParts) {
    this.#parts = parts;
  }

  /** Where the (first) embedded broker listens; undefined where there is none. */
  get brokerUrl(): string | undefined {
    const [first] = this.#brokers.values();
    return first?.url;
  }

  /** What each sink says about itself. */
  *statuses(): Iterable<readonly [name: string, status: SinkStatus]> {
    for (const [name, sink] of this.#sinks) yield [name, sink.status];
  }

  /** @throws LabwireError SERVER_ADDRESS where an embedded broker cannot listen */
  async start(configured: ConfiguredSink, gateway: string): Promise<void> {
    const { name } = configured;
    const sink = await this.#make(configured, gateway);
    this.#sinks.set(name, sink);
    const discovery = discoveryOf(configured, gateway);
    if (discovery !== undefined) this.#discoveries.set(name, discovery);
    sink.onStatus(() => this.#parts.tell(name, sink.status));
    this.#parts.tell(name, sink.status);
    sink.start();
  }

  async #make({ kind, name, options }: ConfiguredSink, gateway: string): Promise<Sink> {
    switch (kind) {
      case 'mqtt':
        return mqttSink(
          { ...(await this.#withBroker(options, name)), name, gateway, version },
          { ...this.#parts, requests: this.#parts.requestsFor(name) },
        );
      case 'influx':
        return influxSink({ ...options, name, gateway }, this.#parts);
      case 'files':
        return fileSink({ ...options, name }, this.#parts);
    }
  }

  async #withBroker(options: MqttConfiguration, name: string): Promise<MqttConfiguration & { readonly url: string }> {
    if ('url' in options) return options;
    const broker = await startEmbeddedBroker(this.#parts.log, definedOnly(options.embedded));
    this.#brokers.set(name, broker);
    return { ...options, url: broker.url };
  }

  /** Tells the counts that change all the time. */
  refresh(): void {
    for (const [name, status] of this.statuses()) this.#parts.tell(name, status);
  }

  /**
   * Before the stop of a sink that is removed, or made anew with other settings: takes back what it has announced and
   * the next does not keep up.
   */
  withdraw(name: string, next?: ConfiguredSink, gateway = ''): void {
    const before = this.#discoveries.get(name);
    if (before !== undefined && before !== discoveryOf(next, gateway)) this.#sinks.get(name)?.withdraw?.();
  }

  /** Delivers what can be delivered within the limit. */
  async stop(name: string, limitMs: number): Promise<void> {
    const sink = this.#sinks.get(name);
    if (!sink) return;
    this.#sinks.delete(name);
    this.#discoveries.delete(name);
    await sink.stop(limitMs);
    this.#parts.tell(name, undefined);
    await this.#brokers.get(name)?.stop();
    this.#brokers.delete(name);
  }

  /** Stops all, each within the limit. */
  async stopAll(limitMs: number): Promise<void> {
    await Promise.all([...this.#sinks.keys()].map((name) => this.stop(name, limitMs)));
  }
}

function discoveryOf(sink: ConfiguredSink | undefined, gateway: string): string | undefined {
  if (sink?.kind !== 'mqtt' || !sink.options.homeAssistant) return undefined;
  return `${sink.options.homeAssistant.prefix} ${gateway}`;
}
