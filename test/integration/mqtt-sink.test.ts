import { spawn } from 'node:child_process';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { type MqttSinkOptions, mqttSink, type Sink } from '../../src/sinks/index.ts';
import { ownTime } from '../own-time.ts';
import { description, event, realParts, sample, type TestParts, until } from '../sinks/parts.ts';
import {
  freePort,
  type MosquittoOptions,
  type Received,
  retainedTopics,
  type Service,
  startMosquitto,
  subscribe,
} from './services.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function mosquitto(options?: MosquittoOptions): Promise<Service> {
  const broker = await startMosquitto(options);
  ends.push(() => broker.stop());
  return broker;
}

async function subscribed(broker: Service, filter = '#', more?: string[]): ReturnType<typeof subscribe> {
  const subscription = await subscribe(broker, filter, more);
  ends.push(() => subscription.stop());
  return subscription;
}

function sinkTo(url: string, parts: TestParts, more: Partial<MqttSinkOptions> = {}): Sink {
  const sink = mqttSink({ name: 'broker', url, gateway: 'lab_a', ...more }, parts);
  sink.start();
  ends.push(() => sink.stop(500));
  return sink;
}

const has =
  (topic: string, payload: string) =>
  (messages: readonly Received[]): boolean =>
    messages.some((message) => message.topic === topic && message.payload === payload);

const channel = (id: string): string => `labwire/lab_a/cryostat/channels/${id}`;

describe('the MQTT sink on a real Mosquitto', () => {
  test('publishes status, state, the newest sample, then live samples and events', async () => {
    const broker = await mosquitto();
    const live = await subscribed(broker);
    const parts = realParts();
    parts.state.set(['cryostat', 'status'], 'online');
    parts.state.set(['cryostat', 'info'], { model: '218' });
    parts.state.samples = [sample({ t1: 4.2 })];
    const sink = sinkTo(broker.url, parts);
    await until(() => sink.status.connected);
    parts.journal.append(sample({ t1: 4.213, t2: 77 }));
    parts.journal.append(event());
    await live.until(
      has(
        'labwire/lab_a/events',
        JSON.stringify({
          time: '2026-11-24T03:40:00.123456Z',
          severity: 'warning',
          device: null,
          kind: 'task',
          code: 'REPLY_TIMEOUT',
          title: 'cryostat.acquire failed',
          text: 'No answer within 1 s',
        }),
      ),
    );
    expect(live.messages.slice(0, 6).map(({ topic, payload }) => [topic, payload])).toEqual([
      ['labwire/lab_a/status', 'online'],
      ['labwire/lab_a/cryostat/status', 'online'],
      ['labwire/lab_a/cryostat/info', '{"model":"218"}'],
      [channel('t1'), '{"value":4.2,"unit":"K","time":"2026-11-24T03:40:00.123456Z","quality":"good"}'],
      [channel('t1'), '{"value":4.213,"unit":"K","time":"2026-11-24T03:40:00.123456Z","quality":"good"}'],
      [channel('t2'), '{"value":77,"unit":"K","time":"2026-11-24T03:40:00.123456Z","quality":"good"}'],
    ]);
    await until(() => sink.status.lag === 0);

    const late = await subscribed(broker);
    await late.until((messages) => messages.length >= 5);
    expect(late.messages.every(({ retained }) => retained)).toBe(true);
    expect(late.messages.map(({ topic }) => topic).sort()).toEqual([
      channel('t1'),
      channel('t2'),
      'labwire/lab_a/cryostat/info',
      'labwire/lab_a/cryostat/status',
      'labwire/lab_a/status',
    ]);
  });

  test('gives readings an expiry and state none', async () => {
    const broker = await mosquitto();
    const parts = realParts();
    parts.state.set(['info'], {});
    const sink = sinkTo(broker.url, parts);
    await until(() => sink.status.connected);
    parts.journal.append(sample({ t1: 1 }, description({ interval: 40 })));
    await until(() => sink.status.lag === 0);
    const expiries = await new Promise<string>((resolve) => {
      const child = spawn('mosquitto_sub', [
        ...['-h', '127.0.0.1', '-p', String(broker.port), '-V', '5', '-t', 'labwire/#', '-C', '3', '-F', '%t=%E'],
      ]);
      let text = '';
      child.stdout.on('data', (chunk) => {
        text += String(chunk);
      });
      child.on('close', () => resolve(text));
    });
    const lines = Object.fromEntries(
      expiries
        .trim()
        .split('\n')
        .map((line) => line.split('=')),
    );
    expect(Number(lines[channel('t1')])).toBeGreaterThan(110);
    expect(Number(lines[channel('t1')])).toBeLessThanOrEqual(120);
    expect(lines['labwire/lab_a/info']).toBeFalsy();
  });

  test('clears the topic of state that is gone', async () => {
    const broker = await mosquitto();
    const live = await subscribed(broker);
    const parts = realParts();
    parts.state.set(['old', 'status'], 'online');
    sinkTo(broker.url, parts);
    await live.until(has('labwire/lab_a/old/status', 'online'));
    parts.state.set(['old', 'status'], undefined);
    await live.until(has('labwire/lab_a/old/status', ''));
    expect(await retainedTopics(broker)).toEqual(['labwire/lab_a/status']);
  });

  test('clears the topic of state that went while the broker was away', async () => {
    const broker = await mosquitto();
    const parts = realParts();
    parts.state.set(['old', 'status'], 'online');
    const sink = sinkTo(broker.url, parts);
    await until(async () => sink.status.connected && sink.status.lag === 0);
    const first = await subscribed(broker);
    await first.until(has('labwire/lab_a/old/status', 'online'));
    await broker.kill();
    await until(() => !sink.status.connected);
    parts.state.set(['old', 'status'], undefined);
    await broker.start();
    await until(() => sink.status.connected);
    await until(async () => !(await retainedTopics(broker)).includes('labwire/lab_a/old/status'));
  });

  test.each([0, 1, 2] as const)('a clean stop at QoS %i leaves nothing unsent and says offline last', async (qos) => {
    const broker = await mosquitto();
    const live = await subscribed(broker, '#', qos === 2 ? ['-q', '2'] : []);
    const parts = realParts();
    const sink = sinkTo(broker.url, parts, { qos });
    await until(() => sink.status.connected);
    for (let i = 1; i <= 1500; i++) parts.journal.append(sample({ t1: i, t2: i, t3: i }));
    // It ends when all is sent: the limit is for a test that fails.
    await sink.stop(100_000);
    await live.until(has('labwire/lab_a/status', 'offline'));
    expect(live.messages.at(-1)).toMatchObject({ topic: 'labwire/lab_a/status', payload: 'offline' });
    const values = live.messages
      .filter(({ topic }) => topic === channel('t3'))
      .map(({ payload }) => JSON.parse(payload));
    expect(values).toHaveLength(1500);
    expect(values.map(({ value }) => value)).toEqual(Array.from({ length: 1500 }, (_, i) => i + 1));
    expect(sink.status).toMatchObject({ lag: 0, delivered: 1500, connected: false });
  });

  test('a wrong password is said once, with the remedy, and stands in the status', async () => {
    const broker = await mosquitto({ user: { name: 'lab', password: 'right' } });
    const parts = realParts();
    const sink = sinkTo(broker.url, parts, { username: 'lab', password: 'wrong' });
    await until(() => sink.status.retries >= 2);
    expect(sink.status.connected).toBe(false);
    expect(sink.status.lastError).toMatch(/check username and password.*SINK_REFUSED/);
    expect(parts.log.lines).toHaveLength(1);
    expect(parts.log.lines[0]).toMatch(/^error The broker at .* says: .*check username and password/);
    expect(parts.log.lines[0]).not.toContain('wrong');
  });

  test('the right password is let in', async () => {
    const broker = await mosquitto({ user: { name: 'lab', password: 'right' } });
    const sink = sinkTo(broker.url, realParts(), { username: 'lab', password: 'right' });
    await until(() => sink.status.connected);
    expect(sink.status.lastError).toBeNull();
  });

  test('a message that the broker refuses is counted and passed over', async () => {
    const broker = await mosquitto({ acl: ['topic readwrite labwire/lab_a/status'] });
    const parts = realParts();
    const sink = sinkTo(broker.url, parts);
    await until(() => sink.status.connected);
    parts.journal.append(sample({ t1: 1 }));
    await until(() => sink.status.lag === 0);
    expect(sink.status.dropped).toBeGreaterThan(0);
    expect(parts.log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
  });

  test('the last will says offline when the connection breaks off without a word', async () => {
    const broker = await mosquitto();
    const live = await subscribed(broker, 'labwire/lab_a/status');
    let client: MqttClient | undefined;
    const sink = mqttSink({ name: 'broker', url: broker.url, gateway: 'lab_a' }, realParts(), (url, options) => {
      client = mqtt.connect(url, options);
      return client;
    });
    ends.push(() => sink.stop(500));
    sink.start();
    await live.until(has('labwire/lab_a/status', 'online'));
    client?.stream.destroy();
    await live.until((messages) => messages.length === 3);
    expect(live.messages.map(({ payload }) => payload)).toEqual(['online', 'offline', 'online']);
  });
});

describe('the MQTT sink without a broker', () => {
  test('warns once, retries quietly, and stops within its limit', async () => {
    const parts = realParts();
    const sink = sinkTo(`mqtt://127.0.0.1:${await freePort()}`, parts);
    await until(() => sink.status.retries >= 2);
    parts.journal.append(sample({ t1: 1 }));
    expect(parts.log.lines).toHaveLength(1);
    expect(parts.log.lines[0]).toMatch(/^warn No connection to the broker.*ECONNREFUSED.*SINK_UNREACHABLE/);
    const time = ownTime();
    await sink.stop(1000);
    expect(time()).toBeLessThan(1100);
  });

  test('a broker that stops answering does not hold up the stop', async () => {
    const broker = await mosquitto();
    const parts = realParts();
    const sink = sinkTo(broker.url, parts);
    await until(() => sink.status.connected && sink.status.lag === 0);
    broker.pause();
    parts.journal.append(sample({ t1: 1 }));
    const time = ownTime();
    await sink.stop(1000);
    expect(time()).toBeLessThan(1100);
    expect(sink.status.lag).toBe(1);
  });
});
