import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { type MqttSinkOptions, mqttSink, type Sink } from '../../src/sinks/index.ts';
import type { Connect } from '../../src/sinks/mqtt/connection.ts';
import { description, event, realParts, sample, type TestParts, TIME, until } from '../sinks/parts.ts';
import { type MosquittoOptions, retainedTopics, type Service, startMosquitto, subscribe } from './services.ts';

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function mosquitto(options?: MosquittoOptions): Promise<Service> {
  const broker = await startMosquitto(options);
  ends.push(() => broker.stop());
  return broker;
}

function sinkTo(url: string, parts: TestParts, more: Partial<MqttSinkOptions> = {}, connect?: Connect): Sink {
  const sink = mqttSink({ name: 'broker', url, gateway: 'lab_a', ...more }, parts, connect);
  sink.start();
  ends.push(() => sink.stop(500));
  return sink;
}

/** Listens on and on, whatever happens to the broker: each number by the level of its topic. */
class Listener {
  readonly channels: number[] = [];
  readonly backfill: number[] = [];
  readonly #seen = new Set<number>();
  /** What the broker told the sink that it has. */
  readonly #acknowledged = new Set<number>();
  readonly #lost = new Set<number>();
  readonly client: MqttClient;
  ready = false;

  constructor(broker: Service) {
    this.client = mqtt.connect(broker.url, {
      ...{ protocolVersion: 5, clientId: 'listener', clean: false, reconnectPeriod: 20 },
      properties: { sessionExpiryInterval: 600 },
    });
    this.client.on('error', () => {});
    this.client.on('connect', () =>
      this.client.subscribe('labwire/lab_a/cryostat/+/t1', { qos: 1 }, (error) => {
        this.ready = !error;
      }),
    );
    this.client.on('close', () => {
      this.ready = false;
    });
    this.client.on('message', (topic, payload, { retain }) => {
      const value = channelValue(topic, payload) ?? Number.NaN;
      if (topic.includes('/backfill/')) this.backfill.push(value);
      // What came before comes again where the broker did not hear that it had: that is no step back.
      else if (!retain && !this.#seen.has(value)) this.channels.push(value);
      this.#seen.add(value);
    });
    ends.push(() => this.client.end(true));
  }

  /** Connects a sink only while somebody listens. */
  readonly gate: Connect = (url, options) => {
    if (!this.ready) throw new Error('nobody listens');
    const client = mqtt.connect(url, options);
    const inFlight = new Map<number | undefined, number>();
    client.on('packetsend', (packet) => {
      const value = packet.cmd === 'publish' && packet.qos > 0 && channelValue(packet.topic, packet.payload);
      if (typeof value === 'number') inFlight.set(packet.messageId, value);
    });
    client.on('packetreceive', ({ cmd, messageId }) => {
      const value = inFlight.get(messageId);
      if ((cmd === 'puback' || cmd === 'pubcomp') && value !== undefined) this.#acknowledged.add(value);
    });
    return client;
  };

  /** A broker that was killed takes with it what it had acknowledged and not yet handed on: no sink can know. */
  forgiveKilled(upTo: number): void {
    for (const n of this.missing(upTo)) if (this.#acknowledged.has(n)) this.#lost.add(n);
  }

  missing(upTo: number): number[] {
    return Array.from({ length: upTo }, (_, i) => i + 1).filter((n) => !this.#seen.has(n) && !this.#lost.has(n));
  }
}

const CHANNEL = /^labwire\/lab_a\/cryostat\/(channels|backfill)\/t1$/;
const channelValue = (topic: string, payload: string | Buffer): number | undefined =>
  CHANNEL.test(topic) ? JSON.parse(payload.toString()).value : undefined;

const ascending = (values: readonly number[]): boolean =>
  values.every((value, i) => i === 0 || value >= (values[i - 1] ?? 0));

/** Records numbers at about 2000/s. */
function produce(parts: TestParts): { readonly count: () => number; readonly stop: () => void } {
  let n = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < 10; i++) {
      const newest = sample({ t1: ++n }, undefined, TIME + n);
      parts.state.samples = [newest];
      parts.journal.append(newest);
      if (parts.journal.offset('broker') > parts.journal.head) throw new Error('offset beyond the head');
    }
  }, 5);
  ends.push(() => clearInterval(timer));
  return { count: () => n, stop: () => clearInterval(timer) };
}

describe('what is recorded while a real Mosquitto comes and goes', () => {
  test.each([1, 2] as const)('all arrives, and channels/ never goes back in time, at QoS %i', async (qos) => {
    const broker = await mosquitto();
    const listener = new Listener(broker);
    const parts = realParts();
    const sink = sinkTo(broker.url, parts, { qos }, listener.gate);
    await until(() => sink.status.connected);
    const numbers = produce(parts);
    for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM'] as const) {
      const start = numbers.count();
      await until(() => (listener.channels.at(-1) ?? 0) > start + 200);
      await broker.kill(signal);
      await until(() => !sink.status.connected && !listener.ready);
      if (signal === 'SIGKILL') listener.forgiveKilled(numbers.count());
      const away = numbers.count();
      await until(() => numbers.count() > away + 200);
      await broker.start();
      await until(() => sink.status.connected);
    }
    numbers.stop();
    await until(() => sink.status.lag === 0);
    await until(() => listener.missing(numbers.count()).length === 0);
    expect(ascending(listener.channels)).toBe(true);
    expect(listener.backfill.length).toBeGreaterThan(600);
    expect(sink.status).toMatchObject({ dropped: 0, lagSeconds: 0 });
    expect(parts.log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  });

  test('a new sink on the same journal, as after a restart of the gateway, gives what was not delivered to backfill/', async () => {
    const broker = await mosquitto();
    const listener = new Listener(broker);
    await until(() => listener.ready);
    const parts = realParts();
    const before = sinkTo(broker.url, parts);
    await until(() => before.status.connected);
    parts.journal.append(sample({ t1: 1 }));
    await until(() => before.status.lag === 0);
    broker.pause();
    for (let i = 2; i <= 50; i++) parts.journal.append(sample({ t1: i }));
    await before.stop(200);
    broker.resume();
    const after = sinkTo(broker.url, parts);
    await until(() => after.status.connected);
    parts.journal.append(sample({ t1: 51 }));
    await until(() => after.status.lag === 0);
    // What the broker has it has not handed on yet.
    await until(() => listener.channels.at(-1) === 51 && listener.backfill.length >= 49);
    expect(ascending(listener.channels)).toBe(true);
    expect(listener.backfill).toEqual(Array.from({ length: 49 }, (_, i) => i + 2));
  });

  test('a broker that stops for a while and goes on has missed nothing', async () => {
    const broker = await mosquitto();
    const listener = new Listener(broker);
    await until(() => listener.ready);
    const parts = realParts();
    const sink = sinkTo(broker.url, parts);
    await until(() => sink.status.connected);
    const numbers = produce(parts);
    await until(() => numbers.count() > 200);
    broker.pause();
    const paused = numbers.count();
    await until(() => numbers.count() > paused + 3000);
    // The window is full; everything else waits in the journal.
    expect(sink.status.lag).toBeGreaterThan(2000);
    broker.resume();
    numbers.stop();
    await until(() => sink.status.lag === 0);
    await until(() => listener.missing(numbers.count()).length === 0);
    expect(ascending(listener.channels)).toBe(true);
  });

  test('events of an outage arrive as events', async () => {
    const broker = await mosquitto();
    const parts = realParts();
    let isHeard = true;
    const sink = sinkTo(broker.url, parts, {}, (url, options) => {
      if (!isHeard) throw new Error('nobody listens');
      return mqtt.connect(url, options);
    });
    await until(() => sink.status.connected);
    isHeard = false;
    await broker.kill();
    await until(() => !sink.status.connected);
    parts.journal.append(event({ title: 'while it was away' }));
    await broker.start();
    const live = await subscribe(broker, 'labwire/lab_a/events');
    ends.push(() => live.stop());
    isHeard = true;
    await live.until((messages) => messages.some(({ payload }) => payload.includes('while it was away')));
  });

  test('a broker that has lost its memory is told everything again', async () => {
    const broker = await mosquitto({ persistent: false });
    const parts = realParts();
    parts.state.set(['cryostat', 'info'], { model: '218' });
    parts.state.samples = [sample({ t1: 4 })];
    const sink = sinkTo(broker.url, parts);
    await until(() => sink.status.connected);
    await broker.restart();
    await until(() => sink.status.connected);
    const late = await subscribe(broker, 'labwire/#');
    ends.push(() => late.stop());
    await late.until((messages) => {
      const topics = new Set(messages.map(({ topic }) => topic));
      return ['status', 'cryostat/info', 'cryostat/channels/t1'].every((end) => topics.has(`labwire/lab_a/${end}`));
    });
  });
});

describe('what a broker still holds of what is no more', () => {
  /** Waits until these topics of the gateway are all that are retained. */
  const retained = (broker: Service, wanted: readonly string[]): Promise<void> =>
    until(async () => {
      const topics = (await retainedTopics(broker)).map((topic) => topic.slice('labwire/lab_a/'.length));
      return topics.sort().join() === wanted.toSorted().join();
    });

  async function hold(broker: Service, topics: readonly string[]): Promise<void> {
    const client = await mqtt.connectAsync(broker.url);
    for (const topic of topics) await client.publishAsync(`labwire/lab_a/${topic}`, '"x"', { retain: true, qos: 1 });
    await client.endAsync();
  }

  test.each([
    ['MQTT 5', {}],
    ['MQTT 3.1.1', { protocolVersion: 4 as const }],
  ])('is cleared at the next connection, and nothing else: %s', async (_, version) => {
    const broker = await mosquitto();
    const gone = [
      'old/status',
      'old/health',
      'old/info',
      'old/channels/t1',
      'old/settings/interval',
      'old/tasks/acquire',
    ];
    const partly = ['cryostat/channels/t9', 'cryostat/settings/gone', 'sinks/influx'];
    const foreign = ['old/notes', 'old/settings/interval/set', 'cryostat/notes/x', 'notes', 'a/b/c/d'];
    await hold(broker, [...gone, ...partly, ...foreign, 'cryostat/channels/t1', 'cryostat/settings/interval']);
    const parts = realParts();
    parts.state.described = [description()];
    parts.state.set(['cryostat', 'settings', 'interval'], { value: 1 });
    parts.state.set(['sinks', 'broker'], {});
    const connect: Connect = (url, options) => mqtt.connect(url, { ...options, ...version });
    const sink = sinkTo(broker.url, parts, {}, connect);
    await until(() => sink.status.connected);
    const known = ['cryostat/channels/t1', 'cryostat/settings/interval', 'sinks/broker', 'status'];
    await retained(broker, [...foreign, ...known]);
  });

  test('a retained channel is cleared where whole polls are published', async () => {
    const broker = await mosquitto();
    await hold(broker, ['cryostat/channels/t1']);
    const sink = sinkTo(broker.url, realParts(), { publish: 'samples' });
    await until(() => sink.status.connected);
    await retained(broker, ['status']);
  });
});
