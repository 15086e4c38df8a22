import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drivers, models } from '../../drivers/index.ts';
import { LakeShore218Emulator } from '../../mocks/index.ts';
import { silentLogger } from '../../src/base/index.ts';
import { Gateway } from '../../src/gateway/index.ts';
import { until } from '../sinks/parts.ts';
import { blocksOf, placeOf, textOf } from './document-blocks.ts';
import { type Influx, type Service, type Subscription, startInflux, startMosquitto, subscribe } from './services.ts';

let broker: Service;
let database: Influx;
let live: Subscription;
let gateway: Gateway;

/** Its third sensor is broken. */
function cryostat(): LakeShore218Emulator {
  const emulator = new LakeShore218Emulator();
  emulator.input(3).status = 128;
  return emulator;
}

beforeAll(async () => {
  [broker, database] = await Promise.all([startMosquitto(), startInflux()]);
  live = await subscribe(broker, 'labwire/#');
  gateway = new Gateway(
    {
      gateway: { id: 'lab_a' },
      mqtt: { url: broker.url },
      influx: { url: database.url, database: 'lab' },
      server: { port: 0 },
      devices: {
        cryostat: {
          model: 'lakeshore-218',
          port: { emulated: true },
          interval: 0.2,
          channels: { input1: { name: 'stage1' } },
        },
      },
    },
    { drivers, models: [models], emulators: { 'lakeshore-218': cryostat }, log: silentLogger },
  );
  await gateway.start();
});
afterAll(async () => {
  await gateway?.stop();
  await Promise.all([live?.stop(), broker?.stop(), database?.stop()]);
});

describe('docs/influxdb.md', () => {
  it('has queries that each answer with rows', async () => {
    const queries = blocksOf('docs/influxdb.md').filter(({ language }) => language === 'influxql');
    expect(queries.length).toBeGreaterThan(3);
    for (const block of queries) {
      let rows: unknown[] = [];
      const answers = async (): Promise<boolean> => {
        // The database is made with the first write.
        rows = await database.query(block.text, 'lab').catch(() => []);
        return rows.length > 0;
      };
      await until(answers).catch(() => expect(rows, placeOf(block)).not.toEqual([]));
    }
  });

  it('names the fields of labwire’s own measurements', async () => {
    const fields = async (measurement: string): Promise<string[]> =>
      (await database.query(`SHOW FIELD KEYS FROM "${measurement}"`, 'lab')).map(({ fieldKey }) => String(fieldKey));
    for (const measurement of ['labwire_events', 'labwire_channels']) {
      const row =
        textOf('docs/influxdb.md')
          .split('\n')
          .find((line) => line.startsWith(`| \`${measurement}\``)) ?? '';
      for (const field of await fields(measurement)) expect(row).toContain(`\`${field}\``);
    }
  });
});

describe('docs/mqtt.md', () => {
  const rows = [...textOf('docs/mqtt.md').matchAll(/^\| `(labwire\/\S+)` \|.*\| (yes|no) \|$/gm)].map(
    ([, topic = '', retained]) => ({
      topic,
      pattern: new RegExp(`^${topic.replaceAll(/<\w+>/g, '[^/]+')}$`),
      retained: retained === 'yes',
    }),
  );
  /** Seen only after an outage, or with another configuration: tests of delivery have them. */
  const ELSEWHERE = /\/(?:backfill\/<channel>|sample)$/;

  it('lists each topic that there is, and only such', async () => {
    expect(rows.length).toBeGreaterThan(8);
    const expected = rows.filter(({ topic }) => !ELSEWHERE.test(topic));
    await live.until((messages) => expected.every(({ pattern }) => messages.some(({ topic }) => pattern.test(topic))));
    const unknown = live.messages.filter(({ topic }) => !rows.some(({ pattern }) => pattern.test(topic)));
    expect(unknown.filter(({ topic }) => !/\/(?:set|call|result)$/.test(topic))).toEqual([]);
  });

  it('says rightly which are retained', async () => {
    const late = await subscribe(broker, 'labwire/#');
    await late.until((messages) => messages.some(({ topic }) => topic.endsWith('/tasks/acquire')));
    for (const { topic, retained } of late.messages.filter((message) => message.retained)) {
      expect(rows.find(({ pattern }) => pattern.test(topic))?.retained, topic).toBe(retained);
    }
    await late.stop();
  });

  it('has requests that are answered as it says', async () => {
    const [block] = blocksOf('docs/mqtt.md').filter(({ text }) => text.includes('mosquitto_pub'));
    const here = `mosquitto_pub() { command mosquitto_pub -p ${broker.port} "$@"; }\n`;
    await promisify(execFile)('bash', ['-ec', here + block?.text]);
    const answer = (ending: string): unknown => {
      const message = live.messages.find(({ topic }) => topic.endsWith(ending));
      return message && JSON.parse(message.payload);
    };
    await live.until(() => answer('interval/result') !== undefined && answer('acquire/result') !== undefined);
    const shown = blocksOf('docs/mqtt.md')
      .filter(({ language }) => language === 'json')
      .map(({ text }) => JSON.parse(text));
    expect(shown).toContainEqual(answer('interval/result'));
    expect(answer('acquire/result')).toMatchObject({ ok: true });
  });

  it('shows a reading and a refusal as they are', async () => {
    const reading = live.messages.find(({ topic }) => topic.endsWith('/channels/stage1'));
    const keys = (text = '{}'): string[] => Object.keys(JSON.parse(text));
    const [shown] = blocksOf('docs/mqtt.md').filter(({ text }) => text.startsWith('{"value"'));
    expect(keys(reading?.payload)).toEqual(keys(shown?.text));
    await promisify(execFile)('mosquitto_pub', [
      ...['-p', String(broker.port), '-t', 'labwire/lab_a/cryostat/settings/interval/set', '-m', '0.01'],
    ]);
    await live.until((messages) => messages.some(({ payload }) => payload.startsWith('{"ok":false')));
    const refused = live.messages.find(({ payload }) => payload.startsWith('{"ok":false'));
    const [refusal] = blocksOf('docs/mqtt.md').filter(({ text }) => text.startsWith('{"ok":false'));
    expect(JSON.parse(refused?.payload ?? '')).toEqual(JSON.parse(refusal?.text ?? ''));
  });
});
