import type { MqttClient } from 'mqtt';
import { type Clock, isObject, type Timer } from '../../base/index.ts';
import type { DeviceDescription } from '../../instrument/index.ts';
import type { StateEntry, StateSource } from '../sink.ts';
import { type Component, type Discovery, discovery, discoveryId, ORIGIN } from './discovery.ts';
import { Settling } from './settling.ts';
import type { Topics } from './topics.ts';

export interface HomeAssistantParts {
  /** First level of its topics, usually `homeassistant`. */
  readonly prefix: string;
  readonly topics: Topics;
  readonly state: StateSource;
  readonly clock: Clock;
  /** Of labwire. */
  readonly version: string | undefined;
  /** Publishes a retained message, in order. */
  readonly send: (topic: string, payload: string) => void;
}

type Platforms = ReadonlyMap<string, string>;

/** What a broker holds of a device. */
interface Announced {
  readonly text: string;
  readonly platforms: Platforms;
}

/** Default of Home Assistant, whatever the prefix of its discovery. */
const BIRTH_TOPIC = 'homeassistant/status';
/** From `online` of Home Assistant to our answer: several at once are answered once. */
const GREETING_MS = 1000;

/**
 * Tells Home Assistant of the devices, and takes back what is no more. What was told before, by whomever, it reads from
 * the broker at each connection: so a device is also removed that went while the broker or the gateway was away.
 */
export class HomeAssistant {
  readonly #parts: HomeAssistantParts;
  readonly #settling: Settling;
  readonly #announced = new Map<string, Announced>();
  readonly #changed = new Set<string>();
  #client: MqttClient | undefined;
  #ready = false;
  #greeting: Timer | undefined;

  constructor(parts: HomeAssistantParts) {
    this.#parts = parts;
    this.#settling = new Settling(parts.clock, () => this.#settled());
  }

  get #filter(): string {
    return `${this.#parts.prefix}/device/+/config`;
  }

  /** Where it says `online`: its birth topic is a setting of its own, which mostly stays as it is. */
  get #statuses(): string[] {
    return [...new Set([`${this.#parts.prefix}/status`, BIRTH_TOPIC])];
  }

  open(client: MqttClient): void {
    this.#client = client;
    this.#ready = false;
    this.#announced.clear();
    this.#settling.begin();
    const options = { qos: 1, nl: true } as const;
    client.subscribe(
      [...this.#statuses, this.#filter],
      options,
      () => client === this.#client && this.#settling.heard(),
    );
  }

  close(): void {
    this.#client = undefined;
    this.#settling.cancel();
    this.#greeting?.cancel();
    this.#greeting = undefined;
  }

  /** Takes back all that was announced, and announces nothing more. Without a connection it stays with the broker. */
  withdraw(): void {
    if (!this.#client) return;
    const current = [...this.#current()].map(({ topic }) => topic);
    for (const topic of new Set([...this.#announced.keys(), ...current])) this.#remove(topic);
    this.close();
  }

  /** Takes a message. @returns whether it was one for it */
  received(topic: string, payload: Buffer, retained: boolean): boolean {
    const status = this.#statuses.includes(topic);
    if (!status && !topic.startsWith(`${this.#parts.prefix}/`)) return false;
    // A retained `online` says nothing new: all is told at each connection.
    if (status && !retained && payload.toString() === 'online') this.#greet();
    else if (retained && payload.length > 0) this.#found(topic, payload);
    return true;
  }

  change({ path }: StateEntry): void {
    const [device, fact] = path;
    if (device === undefined || fact !== 'info' || path.length !== 2) return;
    if (this.#changed.size === 0) setImmediate(() => this.#announceChanged());
    this.#changed.add(device);
  }

  #greet(): void {
    if (this.#greeting || !this.#ready) return;
    this.#greeting = this.#parts.clock.setTimer(() => {
      this.#greeting = undefined;
      for (const { text, topic } of this.#current()) this.#parts.send(topic, text);
    }, GREETING_MS);
  }

  /** Remembers what the broker holds of us. */
  #found(topic: string, payload: Buffer): void {
    this.#settling.heard();
    const text = payload.toString();
    const platforms = this.#ownPlatforms(text);
    if (platforms && !this.#ready) this.#announced.set(topic, { text, platforms });
  }

  #settled(): void {
    this.#client?.unsubscribe([this.#filter]);
    this.#ready = true;
    const current = new Map([...this.#current()].map((one) => [one.topic, one]));
    for (const topic of [...this.#announced.keys()]) if (!current.has(topic)) this.#remove(topic);
    for (const [topic, { message, text }] of current) this.#announce(topic, message, text);
  }

  #announceChanged(): void {
    const changed = new Set(this.#changed);
    this.#changed.clear();
    if (!this.#ready || !this.#client) return;
    const current = new Set<string>();
    for (const { topic, message, text } of this.#current()) {
      current.add(topic);
      this.#announce(topic, message, text);
    }
    for (const device of changed) {
      const topic = this.#topic({ gateway: this.#gateway, device });
      if (!current.has(topic) && this.#announced.has(topic)) this.#remove(topic);
    }
  }

  #announce(topic: string, message: Discovery, text: string): void {
    const before = this.#announced.get(topic);
    if (before?.text === text) return;
    const gone = [...(before?.platforms ?? [])].filter(
      ([key, platform]) => message.components[key]?.platform !== platform,
    );
    if (gone.length > 0) {
      // A component is removed by a message in which it has a platform and nothing else; then one without it follows.
      const removed = Object.fromEntries(gone.map(([key, platform]) => [key, { platform }]));
      this.#parts.send(topic, JSON.stringify({ ...message, components: { ...message.components, ...removed } }));
    }
    this.#parts.send(topic, text);
    this.#announced.set(topic, { text, platforms: platformsOf(message.components) });
  }

  #remove(topic: string): void {
    this.#announced.delete(topic);
    this.#parts.send(topic, '');
  }

  *#current(): Generator<{ topic: string; message: Discovery; text: string }> {
    const { state, topics, version } = this.#parts;
    for (const description of state.devices()) {
      if (description.channels.size === 0) continue;
      const message = discovery(description, topics, version);
      yield { topic: this.#topic(description), message, text: JSON.stringify(message) };
    }
  }

  get #gateway(): string {
    return this.#parts.topics.gateway;
  }

  #topic(of: Pick<DeviceDescription, 'gateway' | 'device'>): string {
    return `${this.#parts.prefix}/device/${discoveryId(of)}/config`;
  }

  /** The components of a message of discovery; undefined where it is not of this gateway. */
  #ownPlatforms(text: string): Platforms | undefined {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return undefined;
    }
    if (!isObject(message) || !isObject(message.origin) || message.origin.name !== ORIGIN) return undefined;
    const { availability, components } = message;
    const first: unknown = Array.isArray(availability) ? availability[0] : undefined;
    if (!isObject(first) || first.topic !== this.#parts.topics.status || !isObject(components)) return undefined;
    const known = Object.entries(components).filter((entry): entry is [string, Component] => isComponent(entry[1]));
    return platformsOf(Object.fromEntries(known));
  }
}

function platformsOf(components: Readonly<Record<string, Component>>): Platforms {
  return new Map(Object.entries(components).map(([key, { platform }]) => [key, platform]));
}

function isComponent(value: unknown): value is Component {
  return isObject(value) && typeof value.platform === 'string';
}
