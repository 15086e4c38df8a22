import { EventEmitter } from 'node:events';
import type { IClientOptions, IPublishPacket, MqttClient } from 'mqtt';
import { expect } from 'vitest';
import { FakeClock } from '../../../src/base/index.ts';
import type { Requests, Sink } from '../../../src/sinks/index.ts';
import { type MqttSinkOptions, mqttSink } from '../../../src/sinks/mqtt/index.ts';
import { fakeParts } from '../parts.ts';

export interface Sent {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly properties: Record<string, unknown> | undefined;
  readonly acknowledge: (error?: Error) => void;
}

/** A client whose broker does what the test says. */
export class ScriptedClient extends EventEmitter {
  readonly options: IClientOptions;
  readonly sent: Sent[] = [];
  readonly subscribed = new Map<string, object>();
  /** Acknowledges by itself. */
  prompt = false;
  connected = false;
  ended = false;
  broken = false;
  readonly stream = { destroy: (): void => this.break() };

  constructor(options: IClientOptions) {
    super();
    this.options = options;
  }

  accept(properties?: { receiveMaximum?: number; maximumPacketSize?: number }): void {
    this.connected = true;
    this.emit('connect', properties ? { properties } : {});
  }

  refuse(code: number, message: string): void {
    this.emit('error', Object.assign(new Error(message), { code }));
    this.emit('close');
  }

  break(): void {
    if (this.broken) return;
    this.broken = true;
    this.connected = false;
    this.emit('close');
  }

  publish(
    topic: string,
    payload: string,
    { qos, retain, properties }: { qos: number; retain: boolean; properties?: Record<string, unknown> },
    acknowledge: (error?: Error) => void,
  ): void {
    this.sent.push({ topic, payload, qos, retain, properties, acknowledge });
    if (this.prompt) acknowledge();
  }

  subscribe(topics: string[], options: object, done: (error: Error | null) => void): void {
    for (const topic of topics) this.subscribed.set(topic, options);
    done(null);
  }

  unsubscribe(topics: string[]): void {
    for (const topic of topics) this.subscribed.delete(topic);
  }

  end(_force: boolean, _options?: object, done?: () => void): void {
    this.ended = true;
    done?.();
  }

  /** A message from the broker. */
  receive(topic: string, payload: string | Buffer, packet: Partial<IPublishPacket> = {}): void {
    this.emit('message', topic, Buffer.from(payload), { retain: false, dup: false, ...packet });
  }
}

export interface Setup {
  readonly sink: Sink;
  readonly clients: ScriptedClient[];
  readonly parts: ReturnType<typeof fakeParts>;
  /** The present client. */
  readonly client: () => ScriptedClient;
  /** What was sent since the last call, without the gateway's status. */
  readonly news: () => Sent[];
}

export function setup(options: Partial<MqttSinkOptions> = {}, requests?: Requests): Setup {
  const parts = fakeParts(new FakeClock());
  const clients: ScriptedClient[] = [];
  const sink = mqttSink(
    { name: 'mqtt', url: 'mqtt://user:secret@broker', gateway: 'lab_a', ...options },
    { ...parts, ...(requests && { requests }) },
    (_url, given) => {
      const client = new ScriptedClient(given);
      clients.push(client);
      return client as unknown as MqttClient;
    },
  );
  sink.start();
  const client = (): ScriptedClient => clients.at(-1) ?? expect.fail('no client');
  let seen = 0;
  let seenOf: ScriptedClient | undefined;
  const news = (): Sent[] => {
    if (seenOf !== client()) seen = 0;
    seenOf = client();
    const sent = client().sent.slice(seen);
    seen = client().sent.length;
    return sent.filter(({ topic }) => topic !== 'labwire/lab_a/status');
  };
  return { sink, clients, parts, client, news };
}

/** Until all that this turn has begun is done. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
