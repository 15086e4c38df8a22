// Draws docs/dashboard.svg: panels of the dashboards that `labwire grafana` writes, with the answers of a real InfluxDB to
// their own queries, after a minute of emulated instruments. One is switched off meanwhile, one sensor fails.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { drivers, models } from '../dist/drivers/index.js';
import { emulators, LakeShore218Emulator } from '../dist/mocks/index.js';
import { silentLogger } from '../dist/src/base/index.js';
import { configSchema, configuredSinks } from '../dist/src/config/index.js';
import { nameOfSeries, panelsOf, siteDashboards } from '../dist/src/dashboards/index.js';
import { describedDevices, Gateway } from '../dist/src/gateway/index.js';
import { drawPanels } from './picture-panels.mjs';

const MINUTE_S = 60;
const folder = mkdtempSync(join(tmpdir(), 'labwire-picture-'));
const server = await startInflux();
try {
  const cryostat = new LakeShore218Emulator({ drift: 0.05 });
  const parts = { drivers, models: [models], emulators: { ...emulators, 'lakeshore-218': () => cryostat } };
  const off = Object.fromEntries([3, 4, 5, 6, 7, 8].map((number) => [`input${number}`, false]));
  const configuration = configSchema(Object.keys(drivers)).parse({
    gateway: { id: 'demo' },
    influx: { url: server.url, database: 'lab' },
    server: { port: 0 },
    devices: {
      cryostat: {
        model: 'lakeshore-218',
        label: 'Cryostat',
        port: { emulated: true },
        interval: 0.5,
        timing: { retries: 0, reply: '300ms', firstByte: '300ms' },
        tasks: { acquire: { restartSec: 0.5, restartSteps: 0, restartMaxDelaySec: 0.5 } },
        channels: {
          input1: { name: 'stage1', label: 'Stage 1' },
          input2: { name: 'stage2', label: 'Stage 2' },
          ...off,
        },
      },
      climate: {
        model: 'line',
        label: 'Climate in the lab',
        port: { emulated: true },
        line: {
          format: 'json',
          channels: {
            t: { unit: '°C', quantity: 'temperature', label: 'Air' },
            rh: { unit: '%', quantity: 'humidity', label: 'Humidity' },
          },
        },
      },
    },
  });
  const gateway = new Gateway(configuration, { ...parts, log: silentLogger });
  const from = Date.now();
  await gateway.start();
  await until(from, 18);
  cryostat.powered = false;
  await until(from, 26);
  cryostat.powered = true;
  await until(from, 40);
  cryostat.input(2).status = 128;
  await until(from, 47);
  cryostat.input(2).status = 0;
  await until(from, MINUTE_S);
  const to = Date.now();
  await gateway.stop();
  const site = {
    devices: describedDevices(configuration, parts, silentLogger),
    databases: configuredSinks(configuration),
  };
  const shown = [];
  for (const dashboard of siteDashboards(site)) {
    for (const panel of panelsOf(dashboard, { from, to, maxDataPoints: 300 })) {
      if (panel.type !== 'timeseries' && panel.type !== 'state-timeline') continue;
      if (dashboard.uid === 'labwire-health') continue;
      const series = [];
      for (const query of panel.queries) series.push(...(await ask(query)));
      shown.push({ ...panel, dashboard: dashboard.title, series });
    }
  }
  const [states] = shown.filter(({ type }) => type === 'state-timeline');
  const wanted = [...shown.filter(({ type }) => type === 'timeseries'), states];
  const file = new URL('../docs/dashboard.svg', import.meta.url);
  writeFileSync(file, drawPanels(wanted, { from, to }));
  console.log(`${file.pathname}: ${wanted.map(({ dashboard, title }) => `${dashboard}: ${title}`).join(' · ')}`);
} finally {
  server.process.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

async function until(from, seconds) {
  await sleep(Math.max(0, from + seconds * 1000 - Date.now()));
}

/** The series of one query, named as Grafana names them. */
async function ask({ refId, query, alias = '' }) {
  const body = new URLSearchParams({ q: query, db: 'lab', epoch: 'ms' });
  const answer = await (await fetch(`${server.url}/query`, { method: 'POST', body })).json();
  const problem = answer.error ?? answer.results[0].error;
  if (problem) throw new Error(`${problem}: ${query}`);
  return (answer.results[0].series ?? []).map(({ tags = {}, values }) => ({
    refId,
    name: nameOfSeries(alias, tags),
    points: values.map(([time, value]) => ({ time, value })),
  }));
}

async function startInflux() {
  const [http, rpc] = [await freePort(), await freePort()];
  const file = join(folder, 'influxdb.conf');
  const lines = [
    'reporting-disabled = true',
    `bind-address = "127.0.0.1:${rpc}"`,
    `[meta]\ndir = "${folder}/meta"`,
    `[data]\ndir = "${folder}/data"\nwal-dir = "${folder}/wal"`,
    `[http]\nbind-address = "127.0.0.1:${http}"\nlog-enabled = false`,
  ];
  writeFileSync(file, lines.join('\n'));
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const child = spawn('influxd', ['-config', file], { stdio: 'ignore', env });
  const url = `http://127.0.0.1:${http}`;
  for (let tries = 0; tries < 200; tries++) {
    if ((await fetch(`${url}/ping`).catch(() => undefined))?.status === 204) return { url, process: child };
    await sleep(100);
  }
  throw new Error('InfluxDB does not start');
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
