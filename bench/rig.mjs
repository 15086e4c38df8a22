// What the benchmarks have in common: a real Mosquitto, labwire as a process of its own, and some arithmetic.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';

const CLOCK_TICKS_PER_SECOND = 100;

const folder = mkdtempSync(join(tmpdir(), 'labwire-bench-'));
const children = [];
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Resolves with the URL of a Mosquitto that loses nothing. */
export async function startBroker() {
  const port = await freePort();
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(
    file,
    `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\n`,
  );
  start('mosquitto', ['-c', file]);
  const url = `mqtt://127.0.0.1:${port}`;
  const client = await mqtt.connectAsync(url, { reconnectPeriod: 50 }).catch(async () => {
    await sleep(300);
    return mqtt.connectAsync(url);
  });
  await client.endAsync();
  return url;
}

/** A gateway `labwire` on the broker, topics below `bench`. @param text the rest of its configuration */
export function startLabwire(broker, text) {
  const home = mkdtempSync(join(folder, 'labwire-'));
  const file = join(home, 'labwire.yaml');
  writeFileSync(
    file,
    `gateway: { id: labwire }\nmqtt: { url: "${broker}", base: bench }\nserver: { port: 0 }\n${text}`,
  );
  return start(process.execPath, ['dist/src/cli/main.js', 'run', '--config', file]);
}

export function start(command, args) {
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', process.env.BENCH_DEBUG ? 'inherit' : 'ignore'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  children.push(child);
  return child;
}

/** Asks it to end, and waits until it has. */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** User and system time of a process so far. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}

export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
