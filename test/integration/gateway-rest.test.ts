import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type EmulatedInstrument, type EmulatedLine, Gateway, serveEmulator } from '../../src/index.ts';
import { Folder } from '../e2e/labwire-process.ts';
import { thermometerParts, withThermometer } from '../gateway/thermometer.ts';
import { readExposition } from '../server/exposition.ts';
import { expectDocumented, type OpenApi } from '../server/routes/documented.ts';

class Oven implements EmulatedInstrument {
  #degrees = 20;

  connect(line: EmulatedLine): void {
    line.onReceive((bytes) => {
      if (bytes.toString('latin1') === 'T?\n') line.send(`${this.#degrees++}\n`);
    });
  }

  disconnect(): void {}
}

const folder = new Folder();
const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

it('tells all of a running gateway as its document says', async () => {
  const path = folder.file('oven');
  const served = await serveEmulator(() => new Oven(), { pty: path });
  endings.push(() => served.stop());
  const gateway = new Gateway(
    withThermometer({ port: { path }, label: 'Oven', interval: 0.02 }, { files: { path: folder.file('records') } }),
    { ...thermometerParts, journalFile: join(folder.file('journal'), 'journal.db') },
  );
  await gateway.start();
  endings.push(() => gateway.stop());

  const ask = async (where: string) => {
    const response = await fetch(`${gateway.address}${where}`);
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  const document = (await ask('/api/openapi.json')).body as OpenApi;
  const told = async (where: string, documented = where.split('?')[0] ?? where) => {
    const { status, body } = await ask(where);
    expect(status).toBe(200);
    expectDocumented(document, documented, 200, body);
    return body;
  };

  await expect.poll(async () => (await told('/api/v1/info')).journal.state).toBe('ok');
  await expect.poll(async () => (await told('/api/v1/devices')).devices[0].status).toBe('online');
  const oven = await told('/api/v1/devices/oven', '/api/v1/devices/{id}');
  expect(oven).toMatchObject({
    info: { label: 'Oven', model: 'T-1', port: path, simulated: false },
    health: { state: 'online' },
    channels: { temperature: { unit: '°C', quality: 'good', value: expect.any(Number), writable: false } },
    settings: { interval: { value: 0.02, unit: 's', minimum: 0.01 }, span: { value: 'low', options: ['low', 'high'] } },
    tasks: { acquire: { state: 'active', status: 'RUNNING' } },
    commands: {},
  });
  expect((await told('/api/v1/ports')).ports).toContainEqual({ path, usedBy: ['oven'] });
  expect((await told('/api/v1/models')).models).toHaveLength(1);
  const model = await told('/api/v1/models/thermo-1', '/api/v1/models/{name}');
  expect(model.channels.temperature).toMatchObject({ unit: '°C' });
  expect((await told('/api/v1/sinks')).sinks).toMatchObject([{ name: 'files', connected: true }]);
  expect(await told('/api/v1/info')).toMatchObject({ gateway: 'lab', devices: ['oven'], journal: { state: 'ok' } });
  expect(await told('/readyz')).toEqual({ ready: true, reasons: [] });

  const history = () => told('/api/v1/history?device=oven&channel=temperature&from=10min&points=60');
  const count = async (): Promise<number> =>
    (await history()).buckets.reduce((sum: number, bucket: { count: number }) => sum + bucket.count, 0);
  await expect.poll(count).toBeGreaterThan(5);
  const { buckets, unit } = await history();
  expect([unit, buckets[0].min]).toEqual(['°C', 20]);
  const { events } = await told('/api/v1/events?from=10min');
  expect(events.map(({ code }: { code: string }) => code)).toEqual(
    expect.arrayContaining(['GATEWAY_STARTED', 'DEVICE_ONLINE']),
  );
  const metrics = readExposition(await (await fetch(`${gateway.address}/metrics`)).text());
  expect(metrics.get('labwire_server_clients')?.samples).toEqual([{ labels: {}, value: 0 }]);
  expect([...metrics.keys()]).toEqual(
    expect.arrayContaining(['labwire_http_requests_total', 'labwire_server_clients_cut_total', 'labwire_journal_up']),
  );
});
