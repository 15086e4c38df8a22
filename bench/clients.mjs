// What clients that do not read cost the gateway and the others: 180 clients over socket.io that read, each told 64
// readings and 16 texts per second, alone and with 20 beside them that ask for the whole tree again and again and read
// nothing. Printed are the memory of the serving process and the time from a change to its notification.
// BENCH_SECONDS: of each measurement, default 10; BENCH_ROUNDS: of both, in turn, default 3.
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { io } from 'socket.io-client';
import { DataService, reading, Server } from '../dist/src/index.js';
import { median } from './rig.mjs';

const SECONDS = Number(process.env.BENCH_SECONDS ?? 10);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const READERS = 180;
const DEAF = 20;
const READINGS = 64;
const TEXTS = 16;
const PATH = '/ws/socket.io';
const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {}, child: () => silent };

if (process.argv[2] === 'serve') await serve();
else {
  const alone = [];
  const beside = [];
  for (let i = 0; i < ROUNDS; i++) {
    alone.push(await measure(0));
    beside.push(await measure(DEAF));
  }
  const ratio = (key) => (median(beside.map((one) => one[key])) / median(alone.map((one) => one[key]))).toFixed(2);
  console.log(
    `ratio with / without ${DEAF} that do not read: memory ${ratio('rss')}, median latency ${ratio('p50')}, ` +
      `99th percentile ${ratio('p99')}, notifications ${ratio('heard')}`,
  );
  process.exit(0);
}

async function serve() {
  class Bench extends DataService {
    constructor() {
      super();
      for (let i = 0; i < READINGS; i++) this[`reading${i}`] = reading({ unit: '°C' });
      for (let i = 0; i < TEXTS; i++) this[`text${i}`] = reading({ type: 'text' });
    }
  }
  const service = new Bench();
  const server = new Server(service, { port: 0, log: silent });
  await server.start();
  let round = 0;
  const names = [...Array(READINGS).keys()].map((i) => `reading${i}`);
  names.push(...[...Array(TEXTS).keys()].map((i) => `text${i}`));
  // One after the other, so that they spread over the second.
  let next = 0;
  setInterval(() => {
    for (let i = 0; i < names.length / 50; i++) {
      const name = names[next++ % names.length];
      const now = performance.timeOrigin + performance.now();
      service[name].value = name.startsWith('text') ? `${now} ${'x'.repeat(8_192)} ${round++}` : now;
    }
  }, 20);
  process.on('message', () => process.send({ rss: process.memoryUsage().rss, cpu: process.cpuUsage() }));
  process.send({ address: server.address });
}

async function measure(deaf) {
  const child = fork(fileURLToPath(import.meta.url), ['serve']);
  const [{ address }] = await once(child, 'message');
  const clients = [];
  for (let i = 0; i < READERS; i++) clients.push(await reader(address));
  const mute = [];
  for (let i = 0; i < deaf; i++) mute.push(await deafClient(address));
  await sleep(2_000);
  for (const client of clients) client.latencies.length = 0;
  const before = await asked(child);
  let rss = 0;
  for (let i = 0; i < SECONDS; i++) {
    await sleep(1_000);
    rss = Math.max(rss, (await asked(child)).rss);
  }
  const after = await asked(child);
  const latencies = clients.flatMap((client) => client.latencies).sort((a, b) => a - b);
  for (const { socket } of clients) socket.disconnect();
  for (const socket of mute) socket.destroy();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const p50 = median(latencies);
  const p99 = latencies[Math.floor(latencies.length * 0.99)];
  const busy = (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / SECONDS / 1e4;
  console.log(
    `${READERS} clients, ${deaf} that do not read: ${(rss / 2 ** 20).toFixed(0)} MiB at most, ${busy.toFixed(0)} % of a core, ` +
      `${latencies.length} notifications of readings, latency median ${p50.toFixed(2)} ms, 99 % within ${p99.toFixed(2)} ms`,
  );
  return { rss, p50, p99, heard: latencies.length };
}

async function asked(child) {
  child.send('memory');
  const [answer] = await once(child, 'message');
  return answer;
}

async function reader(address) {
  const socket = io(address, { path: PATH, transports: ['websocket'], forceNew: true });
  const latencies = [];
  socket.on('notify', ({ data }) => {
    if (!data.full_access_path.startsWith('reading')) return;
    latencies.push(performance.timeOrigin + performance.now() - data.value.value.magnitude);
  });
  await once(socket, 'connect');
  return { socket, latencies };
}

/** Greets, asks for 64 trees, and reads nothing. */
async function deafClient(address) {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET ${PATH}/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\n` +
      `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  await once(socket, 'data');
  socket.write(frame('40'));
  await once(socket, 'data');
  socket.pause();
  for (let i = 0; i < 64; i++) socket.write(frame(`42${i}["service_serialization"]`));
  return socket;
}

/** A masked text frame, its mask zero. */
function frame(text) {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
