import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/index.ts';
import { type ConfigurationInput, Gateway, serveEmulator } from '../../src/index.ts';
import { startEmbeddedBroker } from '../../src/sinks/index.ts';
import { thermometerParts, withThermometer } from '../gateway/thermometer.ts';
import { readExposition } from '../server/exposition.ts';
import { type Influx, startInflux } from './services.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'labwire-sinks-'));
  endings.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A thermometer that answers. */
async function thermometer(folder: string): Promise<string> {
  const path = join(folder, 'oven');
  const served = await serveEmulator(
    () => ({ connect: (line) => line.onReceive(() => line.send('21.5\n')), disconnect: () => {} }),
    { pty: path },
  );
  endings.push(() => served.stop());
  return path;
}

async function influxServer(): Promise<Influx> {
  const server = await startInflux();
  endings.push(() => server.stop());
  return server;
}

async function run(configuration: ConfigurationInput): Promise<Gateway> {
  const gateway = new Gateway(configuration, thermometerParts);
  await gateway.start();
  endings.push(() => gateway.stop());
  return gateway;
}

describe('a gateway with several brokers, databases and a folder of files', () => {
  it('gives each of them every sample, and shows how each does at /metrics', async () => {
    const folder = temporary();
    const path = await thermometer(folder);
    const influx = await influxServer();
    const gateway = await run(
      withThermometer(
        { port: { path }, interval: '50ms' },
        {
          mqtt: [
            { name: 'here', embedded: { port: 0 } },
            { name: 'away', url: 'mqtt://127.0.0.1:1' },
          ],
          influx: [
            { name: 'first', url: influx.url, database: 'a' },
            { name: 'second', url: influx.url, database: 'b' },
          ],
          files: { path: join(folder, 'data') },
        },
      ),
    );
    const rows = async (database: string): Promise<number> =>
      (await influx.query('SELECT temperature FROM thermo_1', database).catch(() => [])).length;
    await expect.poll(() => rows('a')).toBeGreaterThan(5);
    await expect.poll(() => rows('b')).toBeGreaterThan(5);
    const written = (): string => {
      const ovens = join(folder, 'data', 'oven');
      return readdirSync(join(folder, 'data')).includes('oven')
        ? readdirSync(ovens)
            .map((name) => readFileSync(join(ovens, name), 'utf8'))
            .join('')
        : '';
    };
    await expect.poll(written).toMatch(/^time,temperature \[°C\],.*\n.*Z,21\.5,good,\n/);

    let metrics: ReturnType<typeof readExposition>;
    const value = (name: string, labels: Record<string, string>): number | undefined =>
      metrics.get(name)?.samples.find((sample) => JSON.stringify(sample.labels) === JSON.stringify(labels))?.value;
    const sinks = ['here', 'first', 'second', 'files'];
    // What can be read there is counted only once its sink knows that it is there.
    const leastDelivered = async (): Promise<number> => {
      metrics = readExposition(await (await fetch(`${gateway.address}/metrics`)).text());
      return Math.min(...sinks.map((sink) => value('labwire_sink_delivered_total', { sink }) ?? 0));
    };
    await expect.poll(leastDelivered).toBeGreaterThan(0);
    for (const sink of sinks) {
      expect(value('labwire_sink_connected', { sink })).toBe(1);
      expect(value('labwire_sink_dropped_total', { sink, reason: 'refused' })).toBe(0);
    }
    expect(value('labwire_sink_connected', { sink: 'away' })).toBe(0);
    expect(value('labwire_sink_retries_total', { sink: 'away' })).toBeGreaterThan(0);
    expect(value('labwire_sink_lag_samples', { sink: 'away' })).toBeGreaterThan(5);
    expect(value('labwire_sink_lag_seconds', { sink: 'away' })).toBeGreaterThan(0.1);
    expect(value('labwire_device_up', { device: 'oven' })).toBe(1);
    expect(value('labwire_device_samples_total', { device: 'oven' })).toBeGreaterThan(5);
    expect(value('labwire_journal_up', {})).toBe(1);
    expect(value('process_resident_memory_bytes', {})).toBeGreaterThan(10_000_000);
  });

  it('leaves the others alone when one of a list is taken away or another is put beside it', async () => {
    const folder = temporary();
    const path = await thermometer(folder);
    const influx = await influxServer();
    const into = (...databases: string[]): ConfigurationInput =>
      withThermometer(
        { port: { path }, interval: '50ms' },
        {
          mqtt: { embedded: { port: 0 } },
          influx: databases.map((database) => ({ name: database, url: influx.url, database })),
        },
      );
    const gateway = await run(into('a', 'b'));
    const client = await mqtt.connectAsync(gateway.brokerUrl ?? '');
    endings.push(() => client.endAsync());
    const said: [topic: string, payload: string][] = [];
    client.on('message', (topic, payload) => said.push([topic, payload.toString()]));
    await client.subscribeAsync('labwire/lab/sinks/#');
    const last = (sink: string): string => said.findLast(([topic]) => topic === `labwire/lab/sinks/${sink}`)?.[1] ?? '';
    await expect.poll(() => last('a')).toContain('"connected":true');
    await expect.poll(() => last('b')).toContain('"connected":true');
    expect(JSON.parse(last('a'))).toMatchObject({
      ...{ lag: expect.any(Number), lagSeconds: expect.any(Number), rate: expect.any(Number), retries: 0 },
      ...{ delivered: expect.any(Number), dropped: 0, deadLetters: { count: 0, last: [] }, lastError: null },
    });
    said.length = 0;
    await gateway.apply(into('b', 'c'));
    await expect.poll(() => last('c')).toContain('"connected":true');
    await expect.poll(() => said.filter(([topic]) => topic.endsWith('/a')).map(([, payload]) => payload)).toContain('');
    expect(last('a')).toBe('');
    expect(said.some(([topic, payload]) => topic.endsWith('/b') && payload === '')).toBe(false);
  });

  it('leaves nothing announced to Home Assistant where that is turned off, moved or removed', async () => {
    const folder = temporary();
    const path = await thermometer(folder);
    const broker = await startEmbeddedBroker(silentLogger, { port: 0 });
    endings.push(() => broker.stop());
    const reader = await mqtt.connectAsync(broker.url);
    endings.push(() => reader.endAsync());
    const kept = new Set<string>();
    reader.on('message', (topic, payload) => void (payload.length > 0 ? kept.add(topic) : kept.delete(topic)));
    await reader.subscribeAsync(['homeassistant/#', 'ha/#']);
    const told = (homeAssistant: boolean | { prefix: string }): ConfigurationInput =>
      withThermometer({ port: { path } }, { mqtt: { url: broker.url, homeAssistant } });
    const announced = (prefix: string): string[] => [`${prefix}/device/labwire-lab-oven/config`];
    const gateway = await run(told(true));
    await expect.poll(() => [...kept]).toEqual(announced('homeassistant'));
    await gateway.apply(told({ prefix: 'ha' }));
    await expect.poll(() => [...kept]).toEqual(announced('ha'));
    await gateway.apply(told(false));
    await expect.poll(() => [...kept]).toEqual([]);
    await gateway.apply(told(true));
    await expect.poll(() => [...kept]).toEqual(announced('homeassistant'));
    await gateway.apply(withThermometer({ port: { path } }));
    await expect.poll(() => [...kept]).toEqual([]);
  });
});
