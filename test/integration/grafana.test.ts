import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '../../src/base/index.ts';
import { configSchema } from '../../src/config/index.ts';
import {
  annotationsOf,
  type FilledQuery,
  type FillOptions,
  grafanaFiles,
  nameOfSeries,
  panelsOf,
  siteDashboards,
  variableQueriesOf,
  writeOut,
} from '../../src/dashboards/index.ts';
import { storedMeasurement } from '../../src/dashboards/influxql.ts';
import { describedDevices } from '../../src/gateway/index.ts';
import { Gateway } from '../../src/index.ts';
import { influxSink } from '../../src/sinks/index.ts';
import { channel, database, device, site } from '../dashboards/site.ts';
import { realParts, sample, until } from '../sinks/parts.ts';
import { AWKWARD, demoSite } from './grafana-site.ts';
import { type Influx, startInflux } from './services.ts';

interface Series {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly unknown[])[];
}

/** As Grafana asks. */
async function ask(server: Influx, q: string): Promise<Series[]> {
  const body = new URLSearchParams({ q, db: 'lab', epoch: 'ms' });
  const answer = (await (await fetch(`${server.url}/query`, { method: 'POST', body })).json()) as {
    error?: string;
    results?: { error?: string; series?: Series[] }[];
  };
  const error = answer.error ?? answer.results?.[0]?.error;
  if (error) throw new Error(`${error}: ${q}`);
  return answer.results?.[0]?.series ?? [];
}

/** Values that are there; steps without one are not. */
function count(series: readonly Series[]): number {
  return series.flatMap(({ values }) => values).filter((row) => row.slice(1).some((value) => value !== null)).length;
}

/** The tasks' and devices' own words, in the order in which they were said. */
const states = (series: readonly Series[]): unknown[] => [
  ...new Set(series.flatMap(({ values }) => values.map(([, state]) => state)).filter((state) => state !== null)),
];

describe('the dashboards of a demo run', () => {
  let server: Influx;
  let folder: string;
  let range: FillOptions;
  const dashboards = new Map<string, Dashboard>();

  beforeAll(async () => {
    server = await startInflux();
    await server.query('CREATE DATABASE lab');
    folder = await mkdtemp(join(tmpdir(), 'labwire-grafana-'));
    const { configuration, parts } = demoSite(server.url);
    const from = Date.now();
    const gateway = new Gateway(configuration, { ...parts, stateFile: join(folder, 'state.json') });
    await gateway.start();
    try {
      const enough = async (field: string, from: string, least: number): Promise<boolean> =>
        Number((await ask(server, `SELECT count("${field}") FROM "${from}"`))[0]?.values[0]?.[1] ?? 0) >= least;
      await until(() => enough('stage1_quality', 'lakeshore_218', 4));
      await until(() => enough('depth_quality', 'nmea0183', 3));
      // Whatever their measurements are called: of three samples there is one of each kind.
      const all = async (field: string, devices: number): Promise<boolean> => {
        const counted = await ask(server, `SELECT count("${field}") FROM /./ GROUP BY device`);
        return counted.length === devices && counted.every(({ values }) => Number(values[0]?.[1]) >= 3);
      };
      await until(() => all('volts_quality', 1));
      await until(() => all('m_quality', 2));
      await until(async () => states(await ask(server, 'SELECT state FROM labwire_tasks')).includes('failed'));
      await until(() => enough('lag', 'labwire_sinks', 2));
    } finally {
      await gateway.stop();
    }
    range = { from: from - 1000, to: Date.now() + 1000 };
    const checked = configSchema(Object.keys(parts.drivers)).parse(configuration);
    const files = grafanaFiles(
      { devices: describedDevices(checked, parts, silentLogger), databases: [database({ url: server.url })] },
      '/dashboards',
    );
    await writeOut(folder, files);
    for (const name of readdirSync(join(folder, 'dashboards')))
      dashboards.set(name, JSON.parse(readFileSync(join(folder, 'dashboards', name), 'utf8')));
  }, 240_000);
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const named = (part: string): Dashboard => {
    const found = [...dashboards].find(([name]) => name.includes(part));
    if (!found) throw new Error(`No dashboard ${part}: ${[...dashboards.keys()]}`);
    return found[1];
  };
  const rows = async ({ query }: FilledQuery): Promise<number> => count(await ask(server, query));

  test('are there for each measurement, with the values that a user may choose', async () => {
    expect(dashboards.size).toBe(7);
    for (const dashboard of dashboards.values())
      for (const [name, query] of variableQueriesOf(dashboard)) {
        const [series] = await ask(server, query);
        const values = series?.values.map(([, value]) => value);
        if (name === 'gateway') expect(values).toEqual(['demo']);
        else expect(values?.length, query).toBeGreaterThan(0);
      }
    const ofBalances = variableQueriesOf(named('Gro_e'), { variables: { gateway: ['demo'] } }).get('device') ?? '';
    expect((await ask(server, ofBalances))[0]?.values.map(([, value]) => value)).toEqual(['balance1', 'balance2']);
  });

  test.each(['all', 'chosen'])(
    'get rows for every query of every panel, with %s gateways and devices',
    async (which) => {
      const empty: string[] = [];
      let asked = 0;
      for (const [name, dashboard] of dashboards) {
        const devices = (await ask(server, variableQueriesOf(dashboard).get('device') ?? 'SHOW DATABASES'))[0]?.values;
        const chosen = { gateway: ['demo'], device: (devices ?? []).map(([, value]) => String(value)) };
        const options = which === 'all' ? range : { ...range, variables: chosen };
        for (const { title, queries } of panelsOf(dashboard, options))
          for (const query of queries) {
            asked++;
            if ((await rows(query)) === 0) empty.push(`${name} ${title}: ${query.query}`);
          }
      }
      expect(empty).toEqual([]);
      expect(asked).toBeGreaterThan(80);
    },
  );

  test('get no row for a device that is not chosen', async () => {
    const chosen = { ...range, variables: { device: ['balance1'], gateway: 'all' as const } };
    const panels = panelsOf(named('Gro_e'), chosen).filter(({ id }) => id > 1);
    const series = await Promise.all(panels.flatMap(({ queries }) => queries).map(({ query }) => ask(server, query)));
    expect(new Set(series.flat().map(({ tags }) => tags?.device))).toEqual(new Set(['balance1']));
  });

  test('tell by all devices of a measurement of those alone', async () => {
    const dashboard = named('Gro_e');
    const found = (await ask(server, variableQueriesOf(dashboard).get('device') ?? ''))[0]?.values ?? [];
    const all = { ...range, variables: { device: found.map(([, value]) => String(value)) } };
    const [states] = panelsOf(dashboard, all);
    const series = await Promise.all((states?.queries ?? []).map(({ query }) => ask(server, query)));
    expect(new Set(series.flat().map(({ tags }) => tags?.device))).toEqual(new Set(['balance1', 'balance2']));
  });

  test('get rows for every annotation of the site, and for the errors of the device that failed', async () => {
    for (const part of ['overview', 'health', 'm-flaky'])
      for (const query of annotationsOf(named(part), { ...range, variables: { device: ['flaky'] } }).values()) {
        const [series] = await ask(server, query.query);
        const device = part === 'm-flaky' ? ['device'] : [];
        expect(series?.columns).toEqual(['time', 'title', 'text', ...device, 'kind', 'code']);
        // Grafana would leave out such a row.
        expect(series?.values.filter((row) => row.includes(null))).toEqual([]);
        expect(series?.values.length, query.query).toBeGreaterThan(0);
      }
    const errors = annotationsOf(named('m-flaky'), range).get('Events: error')?.query ?? '';
    expect((await ask(server, errors))[0]?.values[0]).toContainEqual(expect.stringMatching(/will not run again/));
    for (const dashboard of dashboards.values())
      expect(await rows(annotationsOf(dashboard, range).get('Events: info') as FilledQuery)).toBeGreaterThan(0);
  });

  test('tell bad and uncertain samples apart, with the values of the uncertain', async () => {
    const [, temperature] = panelsOf(named('lakeshore'), { ...range, maxDataPoints: 1_000_000 });
    const of = async (refId: string): Promise<unknown[]> => {
      const query = temperature?.queries.find((one) => one.refId === refId)?.query ?? '';
      return (await ask(server, query)).flatMap(({ values }) => values.map(([, value]) => value));
    };
    expect((await of('stage1-uncertain')).every((value) => typeof value === 'number' && value > 3)).toBe(true);
    expect(new Set(await of('stage1-bad'))).toEqual(new Set([2]));
    expect(await of('stage1')).toContain(null);
  });

  test('show what became of devices and tasks', async () => {
    const [panel] = panelsOf(named('m-flaky'), { ...range, maxDataPoints: 1_000_000 });
    const [devices, tasks] = await Promise.all((panel?.queries ?? []).map(({ query }) => ask(server, query)));
    expect(states(devices ?? [])).toEqual(expect.arrayContaining(['online', 'failed']));
    expect(states(tasks ?? [])).toEqual(expect.arrayContaining(['active', 'auto-restart', 'failed']));
    const [sinks] = panelsOf(named('health'), range);
    const connected = await ask(server, sinks?.queries[0]?.query ?? '');
    expect(connected.map(({ tags }) => tags?.sink)).toEqual(['disk', 'influx']);
  });

  test('name series by labels, whatever these are', async () => {
    const queries = panelsOf(named('lakeshore'), range).flatMap((panel) => panel.queries);
    const { alias = '', query } = queries.find(({ refId }) => refId === 'stage1') as FilledQuery;
    const [series] = await ask(server, query);
    expect(nameOfSeries(alias, series?.tags ?? {}).replaceAll('\u2060', '')).toBe(`${AWKWARD} · demo/cryostat`);
  });

  test('measurements and labels of whatever letters are asked as they are stored', async () => {
    const letters = fc.constantFrom(...'$[]"\'\\/ .*^|(),=µ漢a', 'device', 'interval', '$device');
    const names = fc.sample(fc.string({ unit: letters, minLength: 1, maxLength: 12 }), { numRuns: 200, seed: 1 });
    // Of names that come to the same in the database one is enough.
    const stored = new Map(names.map((name) => [storedMeasurement(name), name]));
    stored.delete('');
    const sound = [...stored.values()];
    const parts = realParts();
    const sink = influxSink({ name: 'influx', url: server.url, gateway: 'lab_a', database: 'lab' }, parts);
    sink.start();
    const devices = sound.map((measurement, i) =>
      device(`d${i}`, [channel('x', { label: measurement })], { measurement, tags: { note: measurement } }),
    );
    for (const { description } of devices) parts.journal.append(sample({ x: 1 }, description, range.from * 1000 + 1));
    await until(() => sink.status.lag === 0);
    await sink.stop(1000);
    expect(sink.status.dropped).toBe(0);
    for (const dashboard of siteDashboards(site(...devices)).slice(2)) {
      const [, panel] = panelsOf(dashboard, range);
      expect(count(await ask(server, panel?.queries[0]?.query ?? '')), dashboard.title).toBe(1);
      const [found] = await ask(server, variableQueriesOf(dashboard).get('device') ?? '');
      expect(found?.values).toHaveLength(1);
    }
  });
});
