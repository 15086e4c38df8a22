import mqtt from 'mqtt';
import type { Clock } from '../../base/index.ts';
import type { Sink, SinkParts, SinkStatus } from '../sink.ts';
import { StatusBoard } from '../sink-status.ts';
import { within } from '../within.ts';
import { type Connect, Connection } from './connection.ts';
import { Pump } from './pump.ts';
import { Topics } from './topics.ts';

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
  /**
   * Default `labwire_<gateway>_<name>`: the same over restarts, so that a broker that still holds a lost connection ends
   * it, and sends its last will, before the new one says `online`.
   */
  readonly clientId?: string | undefined;
}

const CONNECT_LIMIT_MS = 10_000;
const KEEP_ALIVE_S = 15;
/** Of the time for a stop: what may go into delivering the rest, before `offline` is said. */
const DRAIN_SHARE = 0.6;

/** Publishes to a broker: MQTT 5, or 3.1.1 where the broker refuses 5. */
export function mqttSink(options: MqttSinkOptions, parts: SinkParts, connect: Connect = mqtt.connect): Sink {
  return new MqttSink(options, parts, connect);
}

class MqttSink implements Sink {
  readonly name: string;
  readonly #parts: SinkParts;
  readonly #clock: Clock;
  readonly #board: StatusBoard;
  readonly #pump: Pump;
  readonly #connection: Connection;
  #unsubscribe: (() => void)[] = [];
  #stopped: Promise<void> | undefined;

  constructor(options: MqttSinkOptions, parts: SinkParts, connect: Connect) {
    const { journal, state, clock, log } = parts;
    const { name, gateway, url } = options;
    const topics = new Topics(options.base ?? 'labwire', gateway, options.qos ?? 1);
    this.name = name;
    this.#parts = parts;
    this.#clock = clock;
    const board = new StatusBoard(name, journal, clock);
    this.#board = board;
    const pump = new Pump({ name, topics, journal, state, board, log });
    this.#pump = pump;
    this.#connection = new Connection(
      {
        url,
        client: {
          clientId: options.clientId ?? `labwire_${gateway}_${name}`,
          clean: true,
          reconnectPeriod: 0,
          queueQoSZero: false,
          connectTimeout: CONNECT_LIMIT_MS,
          keepalive: KEEP_ALIVE_S,
          will: { topic: topics.status, payload: Buffer.from('offline'), ...topics.stateOptions },
          ...(options.username !== undefined && { username: options.username }),
          ...(options.password !== undefined && { password: options.password }),
        },
        onOpen: (client, receiveMaximum) => pump.open(client, receiveMaximum),
        onClose: () => pump.close(),
      },
      { clock, log, board, random: parts.random ?? Math.random, connect },
    );
  }

  start(): void {
    const { journal, state } = this.#parts;
    // What is recorded from now on is for this sink.
    journal.offset(this.name);
    this.#unsubscribe = [journal.onAppend(this.#pump.wake), state.onChange((entry) => this.#pump.change(entry))];
    this.#connection.start();
  }

  stop(limitMs: number): Promise<void> {
    this.#stopped ??= this.#stop(limitMs);
    return this.#stopped;
  }

  async #stop(limitMs: number): Promise<void> {
    const end = this.#clock.monotonic() + limitMs;
    await within(this.#clock, limitMs * DRAIN_SHARE, this.#pump.drained());
    await within(this.#clock, end - this.#clock.monotonic(), this.#close());
    this.#connection.cut();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  async #close(): Promise<void> {
    await this.#pump.farewell();
    await this.#connection.end();
  }

  get status(): SinkStatus {
    return this.#board.status;
  }

  onStatus(listener: () => void): () => void {
    return this.#board.onChange(listener);
  }
}
