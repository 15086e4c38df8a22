import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { Service } from '../integration/services.ts';

/** What is published of a number; no number is a mark that the device says nothing. */
interface Reading {
  readonly value: number | null;
  readonly time: string;
  readonly historical?: boolean;
}

/**
 * Counts the numbers that arrive live or as backfill. The subscriber has a session that outlives the broker, which saves it
 * when it is ended by SIGTERM: what the broker has acknowledged, it then delivers. A broker that is killed may lose that,
 * which is no loss of the gateway.
 */
export class Arrivals {
  readonly counts: Uint16Array;
  distinct = 0;
  /** Sessions that the broker has lost: then the count means nothing. */
  lostSessions = 0;
  readonly #client: MqttClient;

  private constructor(client: MqttClient, last: number) {
    this.#client = client;
    this.counts = new Uint16Array(last + 1);
    client.on('message', (_topic, payload) => {
      const { value } = JSON.parse(payload.toString()) as Reading;
      if (value === null) return;
      if (this.counts[value] === 0) this.distinct++;
      this.counts[value] = (this.counts[value] ?? 0) + 1;
    });
  }

  static async of(broker: Service, last: number): Promise<Arrivals> {
    const client = await connected(broker, { clientId: 'arrivals', clean: false, resubscribe: false });
    const arrivals = new Arrivals(client, last);
    await client.subscribeAsync('labwire/lab/counter/+/n', { qos: 1 });
    client.on('connect', ({ sessionPresent }) => {
      if (!sessionPresent) arrivals.lostSessions++;
    });
    return arrivals;
  }

  stop(): Promise<void> {
    return this.#client.endAsync(true);
  }
}

/** Watches the topic of what is current, at QoS 0: then no broker sends anything twice. */
export class Currency {
  /** Messages that were older than one before, or historical. */
  readonly wrong: string[] = [];
  /** The last number. */
  newest = 0;
  readonly #client: MqttClient;
  #newestTime = '';

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on('message', (_topic, payload) => {
      const { value, time, historical } = JSON.parse(payload.toString()) as Reading;
      if (time < this.#newestTime || historical) this.wrong.push(`${payload} after ${this.#newestTime}`);
      this.#newestTime = time;
      this.newest = value ?? this.newest;
    });
  }

  static async of(broker: Service): Promise<Currency> {
    const client = await connected(broker, { clientId: 'currency' });
    const currency = new Currency(client);
    await client.subscribeAsync('labwire/lab/counter/channels/n', { qos: 0 });
    return currency;
  }

  stop(): Promise<void> {
    return this.#client.endAsync(true);
  }
}

function connected(broker: Service, options: IClientOptions): Promise<MqttClient> {
  const client = mqtt.connect(broker.url, { reconnectPeriod: 50, ...options });
  // It is expected to be away at times.
  client.on('error', () => {});
  return new Promise((resolve) => client.once('connect', () => resolve(client)));
}
