import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { type ConfigurationInput, Gateway, observe } from '../../src/index.ts';
import { EmulatedOven, OvenController, ovenModel } from '../gateway/oven.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const configuration = (more: Partial<ConfigurationInput> = {}): ConfigurationInput => ({
  gateway: { id: 'lab' },
  server: { port: 0 },
  mqtt: { name: 'broker', embedded: { port: 0 } },
  devices: {
    oven: {
      model: 'oven-1',
      port: { emulated: true },
      channels: { setpoint: { name: 'target', scale: 0.1 }, unused: false },
    },
  },
  ...more,
});

async function started(): Promise<{ readonly gateway: Gateway; readonly instrument: EmulatedOven }> {
  const instrument = new EmulatedOven();
  const gateway = new Gateway(configuration(), {
    drivers: { oven: OvenController },
    models: [ovenModel],
    emulators: { 'oven-1': () => instrument },
  });
  await gateway.start();
  endings.push(() => gateway.stop());
  await until(async () => (await got(gateway, 'oven.temperature')).type === 'Quantity');
  return { gateway, instrument };
}

const until = (condition: () => unknown): Promise<void> => expect.poll(condition, { interval: 20 }).toBe(true);

type Answer = Record<string, unknown> & { readonly type: string; readonly value: Record<string, Answer> };

async function asked(gateway: Gateway, path: string, body?: object): Promise<{ status: number; answer: Answer }> {
  const response = await fetch(`${gateway.address}${path}`, {
    ...(body && { method: 'PUT', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  return { status: response.status, answer: text === '' ? null : JSON.parse(text) };
}

const got = async (gateway: Gateway, path: string): Promise<Answer> =>
  (await asked(gateway, `/api/v1/get_value?access_path=${encodeURIComponent(path)}`)).answer;

const set = (gateway: Gateway, path: string, value: object): Promise<{ status: number; answer: Answer }> =>
  asked(gateway, '/api/v1/update_value', { access_path: path, value });

const celsius = (magnitude: number): object => ({ type: 'Quantity', value: { magnitude, unit: 'degC' } });

async function heard(gateway: Gateway): Promise<{ client: MqttClient; said: [topic: string, payload: string][] }> {
  const client = await mqtt.connectAsync(gateway.brokerUrl ?? '');
  endings.push(() => client.endAsync());
  const said: [string, string][] = [];
  client.on('message', (topic, payload) => said.push([topic, payload.toString()]));
  await client.subscribeAsync('labwire/#');
  return { client, said };
}

describe('a gateway with a controller', () => {
  it('shows channels, settings, commands, tasks and sinks in one tree', async () => {
    const { gateway } = await started();
    const { status, answer } = await asked(gateway, '/service-properties');
    expect(status).toBe(200);
    const { oven, sinks } = answer.value;
    expect(Object.keys(oven?.value ?? {})).toEqual(['interval', 'zero', 'acquire', 'temperature', 'target', 'log']);
    expect(oven?.value).toMatchObject({
      interval: { type: 'Quantity', readonly: false, value: { magnitude: 0.05, unit: 's' } },
      zero: { type: 'method', tier: 'destructive' },
      acquire: { type: 'Task', value: { status: { value: 'RUNNING' } } },
      temperature: {
        full_access_path: 'oven.temperature',
        type: 'Quantity',
        readonly: true,
        value: { magnitude: 20, unit: 'degC' },
        doc: 'Inside',
      },
      target: { readonly: false, value: { magnitude: 2, unit: 'degC' } },
      log: { type: 'Enum', value: 'warm', readonly: true, enum: { cold: 'cold', warm: 'warm' } },
    });
    expect(sinks?.value).toMatchObject({
      broker: { type: 'DataService', value: { connected: { type: 'bool', readonly: true }, lag: { type: 'int' } } },
    });
    expect((await got(gateway, 'oven.unused')).type).toBe('Exception');
    expect((await got(gateway, 'oven.setpoint')).type).toBe('Exception');
  });

  it('sets a writable channel over REST, in the unit and scale of the site, and tells what the instrument made of it', async () => {
    const { gateway, instrument } = await started();
    const told: unknown[] = [];
    endings.push(observe(gateway.service, ({ path, value }) => void (path === 'oven.target' && told.push(value))));
    expect(await set(gateway, 'oven.target', celsius(15.04))).toMatchObject({ status: 200 });
    expect(instrument.setpoint).toBe(150);
    expect(await got(gateway, 'oven.target')).toMatchObject({ value: { magnitude: 15, unit: 'degC' } });
    expect(told).toEqual([15]);
    for (const wrong of [celsius(251), celsius(-1), { type: 'str', value: '20' }]) {
      expect((await set(gateway, 'oven.target', wrong)).status).toBe(400);
    }
    expect(await set(gateway, 'oven.temperature', celsius(5))).toMatchObject({
      status: 400,
      answer: { type: 'Exception', code: 'VALUE_READ_ONLY' },
    });
    expect(instrument.setpoint).toBe(150);
  });

  it('sets it over MQTT too, answers, records it like every channel, and writes down who did it', async () => {
    const { gateway, instrument } = await started();
    const { client, said } = await heard(gateway);
    const answers = (): unknown[] =>
      said.filter(([topic]) => topic.endsWith('/result')).map(([topic, payload]) => [topic, JSON.parse(payload)]);
    await client.publishAsync('labwire/lab/oven/channels/target/set', '12.5');
    await until(() => answers().length === 1);
    expect(answers()).toEqual([['labwire/lab/oven/channels/target/result', { ok: true, value: 12.5 }]]);
    expect(instrument.setpoint).toBe(125);
    await until(() =>
      said.some(([topic, text]) => topic === 'labwire/lab/oven/channels/target' && text.includes(':12.5')),
    );
    await client.publishAsync('labwire/lab/oven/channels/temperature/set', '5');
    await client.publishAsync('labwire/lab/oven/settings/target/set', '5');
    await until(() => answers().length === 3);
    expect(answers().slice(1)).toMatchObject([
      [expect.anything(), { ok: false, error: { code: 'VALUE_READ_ONLY' } }],
      [expect.anything(), { ok: false, error: { code: 'MEMBER_UNKNOWN' } }],
    ]);
    const events = (): { kind: string }[] =>
      said.filter(([topic]) => topic === 'labwire/lab/events').map(([, text]) => JSON.parse(text));
    await until(() => events().filter(({ kind }) => kind === 'write').length === 3);
    expect(events().find(({ kind }) => kind === 'write')).toMatchObject({
      severity: 'info',
      device: 'oven',
      code: 'WRITE',
      text: 'broker (mqtt) set oven.target from 2 to 12.5.',
    });
  });

  it('that is set to be read only takes no write from anywhere, at once and without a restart of anything', async () => {
    const { gateway, instrument } = await started();
    const { client, said } = await heard(gateway);
    const before = (await got(gateway, 'oven.acquire.activeSince')).value;
    await gateway.apply(configuration({ gateway: { id: 'lab', readOnly: true } }));
    expect(await set(gateway, 'oven.target', celsius(12))).toMatchObject({ answer: { code: 'READ_ONLY' } });
    expect(await asked(gateway, '/api/v1/trigger_method', { access_path: 'oven.acquire.stop' })).toMatchObject({
      answer: { code: 'READ_ONLY' },
    });
    await client.publishAsync('labwire/lab/oven/channels/target/set', '12.5');
    await until(() => said.some(([topic, text]) => topic.endsWith('/result') && text.includes('READ_ONLY')));
    expect(instrument.setpoint).toBe(20);
    expect((await got(gateway, 'oven.acquire.activeSince')).value).toBe(before);
    await gateway.apply(configuration());
    expect((await set(gateway, 'oven.target', celsius(12))).status).toBe(200);
    expect(instrument.setpoint).toBe(120);
  });

  it('shows no old value of a device that was stopped', async () => {
    const { gateway, instrument } = await started();
    await asked(gateway, '/api/v1/trigger_method', { access_path: 'oven.acquire.stop' });
    await until(async () => (await got(gateway, 'oven.temperature')).type === 'NoneType');
    expect(await got(gateway, 'oven.temperature')).toMatchObject({ value: null, unit: '°C', doc: 'Inside' });
    // It can still be set, but nobody looks whether it stays so.
    expect((await set(gateway, 'oven.target', celsius(12))).status).toBe(200);
    expect(instrument.setpoint).toBe(120);
    expect((await got(gateway, 'oven.target')).type).toBe('NoneType');
    await asked(gateway, '/api/v1/trigger_method', { access_path: 'oven.acquire.start' });
    await until(async () => (await got(gateway, 'oven.temperature')).type === 'Quantity');
  });
});
