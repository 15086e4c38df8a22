import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runCli } from '../../src/cli/program.ts';
import { recordingIo } from './recording-io.ts';

let folder: string;
let config: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-grafana-'));
  config = join(folder, 'labwire.yaml');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function labwire(...args: string[]): Promise<{ status: number; out: string[]; err: string[] }> {
  const io = recordingIo();
  const status = await runCli(args, io);
  return { status, out: io.out, err: io.err };
}

const site = `
influx: { url: http://localhost:8086, bucket: lab, org: lab, token: hush }
devices:
  cryostat: { model: lakeshore-218, port: { path: /dev/ttyUSB0 }, channels: { input8: false } }
  scales: { model: line, label: Balance, port: { path: /dev/ttyUSB1 }, line: { format: json, channels: { m: { unit: g } } } }
`;

describe('labwire grafana', () => {
  it('writes data source, folder and dashboards, tells so, and writes them anew only where they changed', async () => {
    writeFileSync(config, site);
    const out = join(folder, 'out');
    const run = (): ReturnType<typeof labwire> => labwire('grafana', '--config', config, '--out', out);
    const first = await run();
    expect(first).toMatchObject({ status: 0, err: [] });
    expect(first.out).toEqual([
      ...['provisioning/datasources/labwire.yaml', 'provisioning/dashboards/labwire.yaml'].map(
        (path) => `written    ${out}/${path}`,
      ),
      ...['overview', 'health', 'm-lakeshore_218', 'm-scales'].map(
        (name) => `written    ${out}/dashboards/labwire-${name}.json`,
      ),
      'Grafana takes secrets from its environment: set LABWIRE_INFLUX_TOKEN there',
    ]);
    const provider = parse(readFileSync(join(out, 'provisioning/dashboards/labwire.yaml'), 'utf8'));
    expect(provider.providers[0].options.path).toBe(join(out, 'dashboards'));
    expect(readdirSync(join(out, 'dashboards')).filter((name) => !name.endsWith('.json'))).toEqual([]);

    writeFileSync(config, site.replace('input8: false', 'input8: false, input1: { label: Top }'));
    writeFileSync(join(out, 'dashboards/labwire-health.json'), '{}');
    const again = await run();
    expect(again.out.filter((line) => line.startsWith('written'))).toEqual([
      expect.stringMatching(/m-lakeshore_218.json$/),
    ]);
    expect(again.err).toEqual([expect.stringMatching(/labwire-health.json: not as labwire wrote it/)]);
  });

  it('tells Grafana of the folder as Grafana sees it', async () => {
    writeFileSync(config, site);
    await labwire('grafana', '--config', config, '--out', join(folder, 'out'), '--seen-as', '/etc/labwire');
    const text = readFileSync(join(folder, 'out/provisioning/dashboards/labwire.yaml'), 'utf8');
    expect(parse(text).providers[0].options.path).toBe('/etc/labwire/dashboards');
  });

  it('says what is wrong with the configuration, or that it names no database, with status 2', async () => {
    writeFileSync(config, 'devices: { a: { model: lakeshore-281, port: { path: /dev/ttyUSB0 } } }');
    const faulty = await labwire('grafana', '--config', config);
    expect(faulty.status).toBe(2);
    expect(faulty.err.join()).toContain('Did you mean "lakeshore-218"?');
    writeFileSync(config, 'gateway: { id: lab }');
    const without = await labwire('grafana', '--config', config);
    expect(without.status).toBe(2);
    expect(without.err.join()).toContain('names no InfluxDB');
  });

  it('is explained with an example', async () => {
    expect((await labwire('grafana', '--help')).out.join('\n')).toContain('Examples:\n  labwire grafana');
  });
});
