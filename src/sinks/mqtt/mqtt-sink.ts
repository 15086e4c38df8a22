import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';
import { type Clock, within } from '../../base/index.ts';
import type { Sink, SinkParts, SinkStatus, StateEntry } from '../sink.ts';
import { StatusBoard } from '../sink-status.ts';
import { type Connect, Connection } from './connection.ts';
import { type CredentialFiles, readCredentials } from './credentials.ts';
import { HomeAssistant } from './home-assistant.ts';
import { Leftovers } from './leftovers.ts';
import type { BrokerLimits } from './outgoing.ts';
import { Pump } from './pump.ts';
import { RequestDesk } from './request-desk.ts';
import { type PublishMode, Topics } from './topics.ts';

export interface MqttSinkOptions extends CredentialFiles {
  /** Name of the sink and of its offset in the journal. */
  readonly name: string;
  /** `mqtt://host:1883`, or `mqtts:`, `ws:`, `wss:`. */
  readonly url: string;
  /** First level of every topic, default `labwire`. */
  readonly base?: string | undefined;
  /** Quality of service of everything published, default 1. At 0 what is under way at a loss of the connection is lost. */
  readonly qos?: 0 | 1 | 2 | undefined;
  /** Default `channels`. */
  readonly publish?: PublishMode | undefined;
  /** Id of the gateway, second level of every topic. */
  readonly gateway: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Default true. False: whoever answers is taken for the broker, and that is said at each connection. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Tells Home Assistant of the devices, below the prefix of its discovery; default: it does not. */
  readonly homeAssistant?: { readonly prefix: string } | undefined;
  /** Of labwire, for Home Assistant. */
  readonly version?: string | undefined;
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
/** Bytes of a message from the broker: one of discovery is the longest. */
const LARGEST_RECEIVED = 1_048_576;

/** Publishes to a broker: MQTT 5, or 3.1.1 where the broker refuses 5. */
export function mqttSink(options: MqttSinkOptions, parts: SinkParts, connect: Connect = mqtt.connect): Sink {
  return new MqttSink(options, parts, connect);
}

class MqttSink implements Sink {
  readonly name: string;
  readonly #parts: SinkParts;
  readonly #clock: Clock;
  readonly #topics: Topics;
  readonly #board: StatusBoard;
  readonly #pump: Pump;
  readonly #connection: Connection;
  readonly #leftovers: Leftovers;
  readonly #homeAssistant: HomeAssistant | undefined;
  readonly #desk: RequestDesk | undefined;
  #unsubscribe: (() => void)[] = [];
  #stopped: Promise<void> | undefined;

  constructor(options: MqttSinkOptions, parts: SinkParts, connect: Connect) {
    const { journal, state, clock, log, requests } = parts;
    const { name, gateway, url, ca, cert, key, rejectUnauthorized, homeAssistant, version } = options;
    const topics = new Topics(options.base ?? 'labwire', gateway, options.qos ?? 1, options.publish);
    this.name = name;
    this.#parts = parts;
    this.#clock = clock;
    this.#topics = topics;
    const board = new StatusBoard(name, journal, clock);
    this.#board = board;
    const pump = new Pump({
      ...{ name, topics, journal, state, board, clock, log },
      overloaded: (error) => this.#connection.interrupt(error),
    });
    this.#pump = pump;
    this.#leftovers = new Leftovers({ topics, state, clock, clear: (topic) => pump.retain(topic, '') });
    const message = pump.message.bind(pump);
    if (homeAssistant)
      this.#homeAssistant = new HomeAssistant({
        ...{ topics, state, clock, version },
        prefix: homeAssistant.prefix,
        send: (topic, payload) => void message(topic, payload, topics.stateOptions),
      });
    if (requests) this.#desk = new RequestDesk({ requests, topics, clock, log, send: message });
    const certified = ca !== undefined || cert !== undefined || key !== undefined;
    this.#connection = new Connection(
      {
        url,
        checked: rejectUnauthorized !== false,
        client: {
          clientId: options.clientId ?? `labwire_${gateway}_${name}`,
          clean: true,
          reconnectPeriod: 0,
          queueQoSZero: false,
          connectTimeout: CONNECT_LIMIT_MS,
          keepalive: KEEP_ALIVE_S,
          properties: { maximumPacketSize: LARGEST_RECEIVED },
          will: { topic: topics.status, payload: Buffer.from('offline'), ...topics.stateOptions },
          ...(options.username !== undefined && { username: options.username }),
          ...(options.password !== undefined && { password: options.password }),
          ...(rejectUnauthorized === false && { rejectUnauthorized: false }),
        },
        ...(certified && { credentials: () => readCredentials({ ca, cert, key }) }),
        onOpen: (client, limits) => this.#open(client, limits),
        onClose: () => this.#close(),
      },
      { clock, log, board, random: parts.random ?? Math.random, connect },
    );
  }

  start(): void {
    const { journal, state } = this.#parts;
    // What is recorded from now on is for this sink.
    journal.offset(this.name);
    this.#unsubscribe = [journal.onAppend(this.#pump.wake), state.onChange((entry) => this.#change(entry))];
    this.#connection.start();
  }

  withdraw(): void {
    this.#homeAssistant?.withdraw();
  }

  stop(limitMs: number): Promise<void> {
    this.#stopped ??= this.#stop(limitMs);
    return this.#stopped;
  }

  async #stop(limitMs: number): Promise<void> {
    const end = this.#clock.monotonic() + limitMs;
    // What is not delivered in time stays in the journal; a farewell that does not get through is the broker's to say.
    const drained = within(this.#clock, limitMs * DRAIN_SHARE, this.#pump.drained(), 'Delivering what is left');
    await drained.catch(() => {});
    const closed = within(this.#clock, end - this.#clock.monotonic(), this.#leave(), 'Taking leave of the broker');
    await closed.catch(() => {});
    this.#connection.cut();
    this.#desk?.close();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  async #leave(): Promise<void> {
    await this.#pump.farewell();
    await this.#connection.end();
  }

  #open(client: MqttClient, limits: BrokerLimits): void {
    client.on('message', (topic, payload, packet) => this.#received(topic, payload, packet));
    this.#pump.open(client, limits);
    this.#desk?.open(client);
    this.#homeAssistant?.open(client);
    this.#leftovers.open(client);
  }

  #close(): void {
    this.#homeAssistant?.close();
    this.#leftovers.close();
    this.#pump.close();
  }

  #change(entry: StateEntry): void {
    this.#leftovers.change(entry);
    this.#homeAssistant?.change(entry);
    this.#pump.change(entry);
  }

  #received(topic: string, payload: Buffer, packet: IPublishPacket): void {
    if (this.#homeAssistant?.received(topic, payload, packet.retain)) return;
    const { root } = this.#topics;
    if (!topic.startsWith(`${root}/`)) return;
    const levels = topic.slice(root.length + 1).split('/');
    if (this.#desk?.received(topic, levels, payload, packet)) return;
    if (packet.retain && payload.length > 0) this.#leftovers.found(topic, levels);
  }

  get status(): SinkStatus {
    return this.#board.status;
  }

  onStatus(listener: () => void): () => void {
    return this.#board.onChange(listener);
  }
}
