import type { MqttClient } from 'mqtt';
import type { Clock } from '../../base/index.ts';
import type { StateEntry, StateSource } from '../sink.ts';
import { Settling } from './settling.ts';
import type { Topics } from './topics.ts';

export interface LeftoversParts {
  readonly topics: Topics;
  readonly state: StateSource;
  readonly clock: Clock;
  /** Clears a retained message. */
  readonly clear: (topic: string) => void;
}

/** Second-last levels of a device's retained topics, and last levels of those directly below it. */
const GROUPS = new Set(['channels', 'settings', 'tasks']);
const FACTS = new Set(['status', 'health', 'info']);

/**
 * Clears what a broker still holds of devices, channels, settings, tasks and sinks that are no more: they may have gone
 * while the broker was away, or before this process began.
 */
export class Leftovers {
  readonly #parts: LeftoversParts;
  readonly #filters: readonly string[];
  readonly #settling: Settling;
  #client: MqttClient | undefined;
  #known: ReadonlySet<string> | undefined;

  constructor(parts: LeftoversParts) {
    this.#parts = parts;
    const { root } = parts.topics;
    this.#filters = [`${root}/+/+`, `${root}/+/+/+`];
    this.#settling = new Settling(parts.clock, () => this.#client?.unsubscribe([...this.#filters]));
  }

  open(client: MqttClient): void {
    this.#client = client;
    this.#settling.begin();
    // No local: what is published meanwhile is not sent back (MQTT 5).
    const options = { qos: 0, nl: true } as const;
    client.subscribe([...this.#filters], options, () => client === this.#client && this.#settling.heard());
  }

  close(): void {
    this.#client = undefined;
    this.#settling.cancel();
  }

  /** The state has changed. */
  change(_entry: StateEntry): void {
    this.#known = undefined;
  }

  /** Takes a retained message below the gateway's root. */
  found(topic: string, levels: readonly string[]): void {
    this.#settling.heard();
    if (!isOurs(levels)) return;
    this.#known ??= this.#knownTopics();
    if (!this.#known.has(topic)) this.#parts.clear(topic);
  }

  #knownTopics(): Set<string> {
    const { topics, state } = this.#parts;
    const known = new Set<string>();
    for (const { path, value } of state.snapshot()) if (value !== undefined) known.add(topics.state(path));
    if (topics.mode === 'samples') return known;
    for (const { device, channels } of state.devices())
      for (const id of channels.keys()) known.add(topics.channel(device, id));
    return known;
  }
}

/** Whether labwire publishes something retained there; what others put below its root is left alone. */
function isOurs([first, second, third]: readonly string[]): boolean {
  if (second === undefined) return false;
  if (third === undefined) return first === 'sinks' || FACTS.has(second);
  return GROUPS.has(second);
}
