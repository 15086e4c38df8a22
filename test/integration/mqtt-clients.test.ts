import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import mqtt from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { command, Gateway, Instrument, setting, task } from '../../src/index.ts';
import { mqttSink } from '../../src/sinks/index.ts';
import { description, realParts, type TestParts, until } from '../sinks/parts.ts';
import { retainedTopics, type Service, startMosquitto, subscribe } from './services.ts';

const run = promisify(execFile);
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function mosquitto(): Promise<Service> {
  const broker = await startMosquitto();
  ends.push(() => broker.stop());
  return broker;
}

class Relay extends Instrument {
  readonly interval = setting(1, { unit: 's', minimum: 0.1 });
  readonly range = setting('low', { options: ['low', 'high'] });
  readonly add = command(
    { parameters: { a: { type: 'number' }, b: { type: 'number', default: 1 } } },
    ({ a, b }) => a + b,
  );
  readonly acquire = task({ autostart: true }, ({ sleep }) => sleep(1e6));
}

async function gatewayAt(broker: Service): Promise<void> {
  const gateway = new Gateway(
    {
      gateway: { id: 'lab_a' },
      mqtt: { url: broker.url },
      server: { port: 0 },
      devices: { relay: { model: 'relay-1', port: { path: '/dev/labwire-absent' } } },
    },
    {
      drivers: { relay: Relay },
      models: [{ id: 'relay-1', manufacturer: 'X', model: 'R', driver: 'relay', channels: {}, source: 'the test' }],
    },
  );
  await gateway.start();
  ends.push(() => gateway.stop());
  const state = await subscribe(broker, 'labwire/lab_a/relay/settings/range');
  await state.until((messages) => messages.length > 0);
  await state.stop();
}

/** A request by Mosquitto's own client of MQTT 5. */
async function ask(broker: Service, topic: string, payload: string): Promise<unknown> {
  const where = ['-h', '127.0.0.1', '-p', String(broker.port), '-V', '5', '-W', '10', '-q', '1'];
  const about = [
    '-t',
    `labwire/lab_a/relay/${topic}`,
    '-e',
    `answers/${process.pid}`,
    '-D',
    'publish',
    'correlation-data',
    topic,
  ];
  const { stdout } = await run('mosquitto_rr', [...where, ...about, '-m', payload]);
  return JSON.parse(stdout);
}

describe('a foreign client and a gateway on a real Mosquitto', () => {
  test('settings, tasks and commands are reached by MQTT 5 request and response', async () => {
    const broker = await mosquitto();
    await gatewayAt(broker);
    expect(await ask(broker, 'settings/range/set', '"high"')).toEqual({ ok: true, value: 'high' });
    expect(await ask(broker, 'settings/range/set', '"middle"')).toMatchObject({
      ok: false,
      error: { code: 'VALUE_INVALID' },
    });
    expect(await ask(broker, 'settings/interval/set', '0.5')).toEqual({ ok: true, value: 0.5 });
    expect(await ask(broker, 'commands/add/call', '{"a":2}')).toEqual({ ok: true, value: 3 });
    expect(await ask(broker, 'commands/add/call', '{"a":"2"}')).toMatchObject({ error: { code: 'VALUE_INVALID' } });
    expect(await ask(broker, 'tasks/acquire/set', 'stop')).toEqual({ ok: true, value: 'inactive' });
    expect(await ask(broker, 'tasks/acquire/set', 'start')).toMatchObject({ ok: true });
    expect(await ask(broker, 'settings/identify/set', '1')).toMatchObject({ error: { code: 'MEMBER_UNKNOWN' } });
    const state = await subscribe(broker, 'labwire/lab_a/relay/settings/range');
    ends.push(() => state.stop());
    await state.until((messages) => messages.some(({ payload }) => payload.includes('"high"')));
  });

  test('a client of MQTT 3.1.1 finds the answer beside its request', async () => {
    const broker = await mosquitto();
    await gatewayAt(broker);
    const answers = await subscribe(broker, 'labwire/lab_a/relay/+/+/result');
    ends.push(() => answers.stop());
    const client = await mqtt.connectAsync(broker.url, { protocolVersion: 4 });
    ends.push(() => client.endAsync(true));
    await client.publishAsync('labwire/lab_a/relay/settings/range/set', '"high"', { qos: 1 });
    await client.publishAsync('labwire/lab_a/relay/commands/add/call', '{"a":1}', { qos: 1 });
    await answers.until((messages) => messages.length === 2);
    expect(answers.messages.map(({ topic, payload, retained }) => [topic, payload, retained]).sort()).toEqual([
      ['labwire/lab_a/relay/commands/add/result', '{"ok":true,"value":2}', false],
      ['labwire/lab_a/relay/settings/range/result', '{"ok":true,"value":"high"}', false],
    ]);
  });

  test('a retained request is never carried out', async () => {
    const broker = await mosquitto();
    await gatewayAt(broker);
    const answers = await subscribe(broker, 'labwire/lab_a/relay/settings/+/#');
    ends.push(() => answers.stop());
    const client = await mqtt.connectAsync(broker.url);
    ends.push(() => client.endAsync(true));
    await client.publishAsync('labwire/lab_a/relay/settings/range/set', '"high"', { qos: 1, retain: true });
    await answers.until((messages) => messages.some(({ topic }) => topic.endsWith('/result')));
    expect(answers.messages.at(-1)?.payload).toContain('REQUEST_INVALID');
    expect(answers.messages.some(({ payload }) => payload.includes('{"value":"high"'))).toBe(false);
  });
});

describe('Home Assistant on a real Mosquitto', () => {
  /** The devices that are described to it. */
  const described = async (broker: Service): Promise<string> =>
    (await retainedTopics(broker, 'homeassistant/#'))
      .map((topic) => topic.split(/[/-]/)[4] ?? '')
      .sort()
      .join();

  async function withDevices(broker: Service, parts: TestParts, ...devices: string[]): Promise<() => Promise<void>> {
    parts.state.described = devices.map((device) => description({ device }));
    const sink = mqttSink(
      { name: 'broker', url: broker.url, gateway: 'lab_a', homeAssistant: { prefix: 'homeassistant' } },
      parts,
    );
    sink.start();
    ends.push(() => sink.stop(500));
    await until(() => sink.status.connected);
    return () => sink.stop(500);
  }

  test('a device that is removed while the gateway does not run disappears, also after a restart of the broker', async () => {
    const broker = await mosquitto();
    const stop = await withDevices(broker, realParts(), 'cryostat', 'old');
    await until(async () => (await described(broker)) === 'cryostat,old');
    await stop();
    await broker.restart();
    await withDevices(broker, realParts(), 'cryostat', 'fresh');
    await until(async () => (await described(broker)) === 'cryostat,fresh');
  });

  test('hears all again when it comes online', async () => {
    const broker = await mosquitto();
    await withDevices(broker, realParts(), 'cryostat');
    await until(async () => (await described(broker)) === 'cryostat');
    const live = await subscribe(broker, 'homeassistant/device/+/config');
    ends.push(() => live.stop());
    const client = await mqtt.connectAsync(broker.url);
    ends.push(() => client.endAsync(true));
    await client.publishAsync('homeassistant/status', 'online');
    await live.until((messages) => messages.some(({ retained }) => !retained));
  });
});
