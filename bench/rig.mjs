// What the benchmarks share: real servers and gateways as processes on loopback, in a folder that goes with them.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';

const CLOCK_TICKS_PER_SECOND = 100;
const START_LIMIT_MS = 20_000;

export const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), 'labwire-bench-'));
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

export function start(command, args) {
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', process.env.BENCH_DEBUG ? 'inherit' : 'ignore'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** Asks it to end, and waits until it has. */
export async function end(child, signal = 'SIGTERM') {
  if (!children.has(child)) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}

/** A gateway by this configuration. */
export function labwire(file) {
  return start(process.execPath, ['dist/src/cli/main.js', 'run', '--config', file]);
}

/** A gateway `labwire` on the broker, topics below `bench`, its journal on disk as always. @param text the rest of its configuration */
export function startLabwire(broker, text) {
  const home = mkdtempSync(join(folder, 'labwire-'));
  const file = join(home, 'labwire.yaml');
  writeFileSync(
    file,
    `gateway: { id: labwire }\nmqtt: { url: "${broker}", base: bench }\nserver: { port: 0 }\n${text}`,
  );
  return labwire(file);
}

/** A server that can be ended and started again on the same port. */
function server(url, command, args, answers) {
  let child;
  return {
    url,
    async start() {
      child = start(command, args);
      await until(answers, START_LIMIT_MS, `${command} does not start`);
    },
    end: (signal) => end(child, signal),
  };
}

/** Resolves with the URL of a Mosquitto that loses nothing. */
export async function startBroker() {
  return (await mosquitto()).url;
}

/** A Mosquitto that loses nothing while it runs. */
export async function mosquitto() {
  const port = await freePort();
  const file = join(folder, `mosquitto-${port}.conf`);
  writeFileSync(
    file,
    `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\n`,
  );
  const url = `mqtt://127.0.0.1:${port}`;
  const broker = server(url, 'mosquitto', ['-c', file], async () => {
    const client = mqtt.connect(url, { reconnectPeriod: 0 });
    const open = await new Promise((resolve) => {
      client.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    await client.endAsync(true);
    return open;
  });
  await broker.start();
  return broker;
}

/** An InfluxDB 1. */
export async function influxd() {
  const [port, rpcPort] = [await freePort(), await freePort()];
  const data = join(folder, `influx-${port}`);
  const file = `${data}.conf`;
  const lines = [
    'reporting-disabled = true',
    `bind-address = "127.0.0.1:${rpcPort}"`,
    `[meta]\ndir = "${data}/meta"`,
    `[data]\ndir = "${data}/data"\nwal-dir = "${data}/wal"\nquery-log-enabled = false`,
    `[http]\nbind-address = "127.0.0.1:${port}"\nlog-enabled = false`,
    '[monitor]\nstore-enabled = false',
    '[logging]\nlevel = "error"',
  ];
  writeFileSync(file, lines.join('\n'));
  const url = `http://127.0.0.1:${port}`;
  const database = server(url, 'influxd', ['-config', file], async () => {
    const answer = await fetch(`${url}/ping`).catch(() => undefined);
    return answer?.status === 204;
  });
  await database.start();
  return {
    ...database,
    /** The rows of the first series of the answer, times in ns. */
    async query(text) {
      const body = new URLSearchParams({ q: text, db: 'bench', epoch: 'ns' });
      const answer = await (await fetch(`${url}/query`, { method: 'POST', body })).json();
      return answer.results?.[0]?.series?.[0]?.values ?? [];
    },
  };
}

export async function until(condition, limitMs, complaint, everyMs = 20) {
  const limit = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`${complaint} within ${limitMs / 1000} s`);
    await sleep(everyMs);
  }
}

/** User and system time of a process so far. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}

/** Bytes of memory that a process holds. */
export function residentBytes(pid) {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export function quantile(values, share) {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
}

export const median = (values) => quantile(values, 0.5);

/** Descriptions of devices as a journal gets them. @param channels ids of their channels */
export function sources(devices, channels) {
  const channel = (id) => [id, { id, type: 'number', kind: 'measurement', scale: 1, offset: 0 }];
  return Array.from({ length: devices }, (_, i) => ({
    gateway: 'bench',
    device: `device${i}`,
    model: 'line',
    port: '/dev/ttyUSB0',
    simulated: false,
    measurement: 'line',
    tags: {},
    channels: new Map(channels.map(channel)),
  }));
}
