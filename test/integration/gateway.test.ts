import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ConfigurationInput,
  type EmulatedInstrument,
  type EmulatedLine,
  Gateway,
  Instrument,
  observe,
  type ServedEmulator,
  serveEmulator,
  task,
} from '../../src/index.ts';
import { Folder } from '../e2e/labwire-process.ts';
import { thermometerModel, thermometerParts, withThermometer } from '../gateway/thermometer.ts';
import { startInflux } from './services.ts';

/** Answers `T?` with a number, and counts the questions. */
class Oven implements EmulatedInstrument {
  answer = '21.5';
  questions = 0;

  connect(line: EmulatedLine): void {
    line.onReceive((bytes) => {
      this.questions++;
      if (bytes.toString('latin1') === 'T?\n') line.send(`${this.answer}\n`);
    });
  }

  disconnect(): void {}
}

const folder = new Folder();
const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function oven(name = 'oven'): Promise<{ instrument: Oven; path: string; served: ServedEmulator }> {
  const instrument = new Oven();
  const path = folder.file(name);
  const served = await serveEmulator(() => instrument, { pty: path });
  endings.push(() => served.stop());
  return { instrument, path, served };
}

async function started(configuration: ConfigurationInput, options = {}): Promise<Gateway> {
  const gateway = new Gateway(configuration, { ...thermometerParts, ...options });
  await gateway.start();
  endings.push(() => gateway.stop());
  return gateway;
}

async function subscriber(gateway: Gateway): Promise<{ client: MqttClient; said: Map<string, string[]> }> {
  const client = await mqtt.connectAsync(gateway.brokerUrl ?? '');
  const said = new Map<string, string[]>();
  client.on('message', (topic, payload, { retain }) => {
    // What came live during the subscription is newer than what the broker had kept, or the same.
    if (retain && said.has(topic)) return;
    said.set(topic, [...(said.get(topic) ?? []), payload.toString()]);
  });
  await client.subscribeAsync('labwire/#');
  endings.push(() => client.endAsync());
  return { client, said };
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { interval: 20 }).toBe(true);
}

const last = (said: Map<string, string[]>, topic: string): string => said.get(`labwire/lab/${topic}`)?.at(-1) ?? '';

describe('a gateway that a program puts together, with a driver and a model of its own', () => {
  it('reads the instrument and publishes value, state, settings and tasks', async () => {
    const { path } = await oven();
    const gateway = await started(
      withThermometer({ port: { path }, label: 'Oven 1' }, { mqtt: { embedded: { port: 0 } } }),
    );
    const { said } = await subscriber(gateway);
    await until(() => last(said, 'oven/channels/temperature') !== '');
    expect(JSON.parse(last(said, 'oven/channels/temperature'))).toEqual({
      value: 21.5,
      unit: '°C',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      quality: 'good',
    });
    await until(() => last(said, 'oven/status') === 'online' && last(said, 'status') === 'online');
    // What the broker had kept comes in an order of its own.
    for (const topic of ['health', 'settings/interval', 'settings/span', 'tasks/acquire', 'info'])
      await until(() => last(said, `oven/${topic}`) !== '');
    await until(() => last(said, 'oven/health').includes('online'));
    expect(JSON.parse(last(said, 'oven/health'))).toEqual({
      state: 'online',
      code: null,
      message: null,
      since: expect.stringMatching(/^\d{4}-.*Z$/),
      lastSample: expect.stringMatching(/^\d{4}-.*Z$/),
      dropped: {},
    });
    expect(JSON.parse(last(said, 'oven/settings/interval'))).toEqual({ value: 1, unit: 's' });
    expect(JSON.parse(last(said, 'oven/settings/span'))).toEqual({ value: 'low' });
    expect(JSON.parse(last(said, 'oven/tasks/acquire'))).toMatchObject({
      state: 'active',
      restarts: 0,
      lastError: null,
    });
    expect(JSON.parse(last(said, 'oven/info'))).toMatchObject({
      label: 'Oven 1',
      manufacturer: 'Own build',
      model: 'T-1',
      port: path,
      simulated: false,
      channels: { temperature: { unit: '°C', type: 'number' } },
    });
  });

  it('has every device as a service in one tree that can be observed', async () => {
    const { path } = await oven();
    const gateway = await started(withThermometer({ port: { path } }));
    const changes: string[] = [];
    endings.push(async () => end());
    const end = observe(gateway.service, ({ path: where, value }) => void changes.push(`${where} ${value}`));
    await until(() => changes.includes('oven.acquire.state active'));
  });

  it('says that a word where a number belongs is no value, and goes on', async () => {
    const { path, instrument } = await oven();
    instrument.answer = 'ovf';
    const gateway = await started(
      withThermometer({ port: { path }, interval: '50ms' }, { mqtt: { embedded: { port: 0 } } }),
    );
    const { said } = await subscriber(gateway);
    await until(() => last(said, 'oven/channels/temperature').includes('"bad"'));
    expect(JSON.parse(last(said, 'oven/channels/temperature'))).toMatchObject({ value: null, reason: 'invalid' });
    instrument.answer = '22';
    await until(() => last(said, 'oven/channels/temperature').includes('22'));
    expect(last(said, 'oven/status')).toBe('online');
  });

  it('marks what it last said as stale when the instrument is unplugged, and comes back by itself', async () => {
    const { path, served } = await oven();
    const gateway = await started(
      withThermometer({ port: { path }, interval: '50ms' }, { mqtt: { embedded: { port: 0 } } }),
    );
    const { said } = await subscriber(gateway);
    await until(() => last(said, 'oven/channels/temperature').includes('21.5'));
    await served.stop();
    // State goes out before samples.
    await until(
      () => last(said, 'oven/channels/temperature').includes('stale') && last(said, 'oven/health').includes('PORT_'),
    );
    await until(
      () => last(said, 'oven/status') === 'offline' && last(said, 'oven/tasks/acquire').includes('activating'),
    );
    expect(JSON.parse(last(said, 'oven/channels/temperature'))).toMatchObject({ value: null, reason: 'stale' });
    expect(JSON.parse(last(said, 'oven/health')).state).toBe('connecting');
    expect(JSON.parse(last(said, 'oven/tasks/acquire'))).toMatchObject({ state: 'activating', restarts: 0 });
    await oven();
    await until(() => last(said, 'oven/status') === 'online');
    await until(() => last(said, 'oven/channels/temperature').includes('21.5'));
    const times = (said.get('labwire/lab/oven/channels/temperature') ?? []).map((text) => JSON.parse(text).time);
    expect(times).toEqual([...times].sort());
    expect(new Set(times).size).toBe(times.length);
  });

  it('names a channel that the model does not declare as a mistake of the driver', async () => {
    class Careless extends Instrument {
      readonly acquire = task({ autostart: true, restartOnException: false }, async () => {
        this.record({ pressure: 1 }, Date.now() * 1000);
      });
    }
    const { path } = await oven();
    const gateway = await started(withThermometer({ port: { path } }, { mqtt: { embedded: { port: 0 } } }), {
      drivers: { thermometer: Careless },
    });
    const { said } = await subscriber(gateway);
    await until(() => last(said, 'oven/health').includes('failed'));
    expect(JSON.parse(last(said, 'oven/health'))).toMatchObject({ state: 'failed', code: 'CHANNEL_UNKNOWN' });
  });

  it('ends with status 1 when a task with exitOnFailure has failed', async () => {
    const { path } = await oven();
    const gateway = new Gateway(
      withThermometer({
        port: { path },
        thermometer: { question: 'X?' },
        timing: { reply: 0.2 },
        tasks: { acquire: { restartOnException: false, exitOnFailure: true } },
      }),
      thermometerParts,
    );
    const before = process.exitCode;
    expect(await gateway.run()).toBe(1);
    process.exitCode = before;
  });

  it('refuses a faulty configuration with all that is wrong', () => {
    const faulty = { ...withThermometer({ model: 'thermo-9', colour: 'red' }), mqtts: {} } as ConfigurationInput;
    expect(() => new Gateway(faulty, thermometerParts)).toThrow(/"colour".*"mqtts"/);
  });

  it('leaves a faulty model out and runs the rest', async () => {
    const logged: string[] = [];
    const log = {
      debug() {},
      info() {},
      warn() {},
      fatal() {},
      error: (text: unknown) => void logged.push(String(text)),
      child: () => log,
    };
    const { path } = await oven();
    await started(withThermometer({ port: { path } }), {
      models: [thermometerModel, { id: 'broken', driver: 'thermometer', chanels: {} } as never],
      log,
    });
    expect(logged).toEqual([expect.stringMatching(/"broken".*chanels.*Did you mean "channels"/)]);
  });
});

describe('another configuration for a running gateway', () => {
  it('restarts only what changed', async () => {
    const [a, b] = [await oven('a'), await oven('b')];
    const two = (interval: string, tag = 'x'): ConfigurationInput => ({
      ...withThermometer(),
      mqtt: { embedded: { port: 0 } },
      devices: {
        a: { model: 'thermo-1', port: { path: a.path }, interval: '20ms' },
        b: { model: 'thermo-1', port: { path: b.path }, interval, tags: { tag } },
      },
    });
    const gateway = await started(two('20ms'));
    const { said } = await subscriber(gateway);
    await until(() => last(said, 'a/status') === 'online' && last(said, 'b/status') === 'online');
    said.clear();
    await gateway.apply(two('30ms'));
    await until(() => last(said, 'b/settings/interval').includes('0.03'));
    await until(() => /offline,online$/.test(String(said.get('labwire/lab/b/status'))));
    expect(said.get('labwire/lab/a/status') ?? []).not.toContain('offline');
  });

  it('removes a device with all its state, and adds one', async () => {
    const [a, b] = [await oven('a'), await oven('b')];
    const one = (id: string, path: string): ConfigurationInput => ({
      ...withThermometer(),
      mqtt: { embedded: { port: 0 } },
      devices: { [id]: { model: 'thermo-1', port: { path } } },
    });
    const gateway = await started(one('a', a.path));
    const { said } = await subscriber(gateway);
    await until(() => last(said, 'a/status') === 'online');
    await gateway.apply(one('b', b.path));
    await until(() => last(said, 'b/status') === 'online');
    for (const topic of ['a/status', 'a/tasks/acquire'])
      await until(() => said.get(`labwire/lab/${topic}`)?.at(-1) === '');
  });

  it('clears the readings of a channel that was renamed', async () => {
    const { path } = await oven();
    const named = (name: string): ConfigurationInput =>
      withThermometer({ port: { path }, channels: { temperature: { name } } }, { mqtt: { embedded: { port: 0 } } });
    const gateway = await started(named('inside'));
    const { said } = await subscriber(gateway);
    await until(() => last(said, 'oven/channels/inside').includes('21.5'));
    await gateway.apply(named('outside'));
    await until(() => last(said, 'oven/channels/outside').includes('21.5'));
    await until(() => said.get('labwire/lab/oven/channels/inside')?.at(-1) === '');
  });

  it('leaves a broker alone when the database is another, and describes all channels to the new one', async () => {
    const { path } = await oven();
    const influx = await startInflux();
    endings.push(() => influx.stop());
    const into = (database?: string): ConfigurationInput =>
      withThermometer(
        { port: { path }, interval: '50ms' },
        { mqtt: { embedded: { port: 0 } }, ...(database && { influx: { url: influx.url, database } }) },
      );
    const gateway = await started(into());
    const { said } = await subscriber(gateway);
    await until(() => last(said, 'oven/status') === 'online');
    said.clear();
    await gateway.apply(into('lab'));
    const rows = async (text: string): Promise<number> => (await influx.query(text, 'lab').catch(() => [])).length;
    await expect.poll(() => rows('SELECT * FROM labwire_channels')).toBe(1);
    await expect.poll(() => rows('SELECT * FROM thermo_1')).toBeGreaterThan(1);
    expect(said.get('labwire/lab/status') ?? []).not.toContain('offline');
    await gateway.apply(into());
    await until(() => said.get('labwire/lab/sinks/influx')?.at(-1) === '');
  });

  it('changes nothing when it is faulty', async () => {
    const { path } = await oven();
    const gateway = await started(
      withThermometer({ port: { path }, interval: '20ms' }, { mqtt: { embedded: { port: 0 } } }),
    );
    const { said } = await subscriber(gateway);
    await until(() => last(said, 'oven/status') === 'online');
    said.clear();
    await expect(gateway.apply(withThermometer({ port: { path }, interval: '1ms' }))).rejects.toThrow(/0\.01/);
    await until(() => (said.get('labwire/lab/oven/channels/temperature')?.length ?? 0) > 2);
    expect(said.get('labwire/lab/oven/status') ?? []).not.toContain('offline');
  });
});
