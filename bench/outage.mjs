// What an outage costs: broker and database away while one device records 500,000 samples, another going on at 1 kHz. Printed
// are the gateway's memory during it, how fast the backlog reaches the database afterwards, and what that does to the
// delay of the device that is live.
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { Pty } from '../dist/src/index.js';
import { folder, freePort, influxd, labwire, median, mosquitto, quantile, residentBytes, until } from './rig.mjs';

const SAMPLES = Number(process.env.BENCH_SAMPLES ?? 500_000);
const FLOOD_HZ = Number(process.env.BENCH_HZ ?? 20_000);
const LIVE_HZ = 1000;
const PHASE_MS = 10_000;
/** Samples that are under way while nothing is behind: the database gets a batch each second. */
const LIVE_LAG = 3 * LIVE_HZ;
const MB = 2 ** 20;

const [broker, influx, port] = [await mosquitto(), await influxd(), await freePort()];
const site = join(folder, 'labwire.yaml');
cpSync('test/fixtures/counter', folder, { recursive: true });
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
const device = (id, rate, last) => `  ${id}:
    model: counter
    port: { path: ${Pty.open().path} }
    counter: { ledger: ${join(folder, id)}, rate: ${rate}, last: ${last} }
`;
const configuration = `gateway: { id: bench }
mqtt: { url: "${broker.url}" }
influx: { url: "${influx.url}", database: bench }
server: { port: ${port} }
devices:
${device('live', LIVE_HZ, 1e9)}`;
writeFileSync(site, configuration);
const gateway = labwire(site);

let delays = [];
const subscriber = mqtt.connect(broker.url, { reconnectPeriod: 20 });
subscriber.on('error', () => {});
subscriber.on('message', (_topic, payload, { retain }) => {
  if (retain) return;
  const { value, time } = JSON.parse(payload.toString());
  // The clock's milliseconds and the three digits of microseconds behind them.
  const recorded = Date.parse(time) + Number(time.slice(23, 26)) / 1000;
  if (value !== null) delays.push(performance.timeOrigin + performance.now() - recorded);
});
await subscriber.subscribeAsync('labwire/bench/live/channels/n');
await until(() => delays.length > 0, 20_000, 'Nothing came through');
await sleep(5000);

const before = await watch(() => sleep(PHASE_MS));
console.log(`before   ${show(before)}`);

// The same load while nothing is away: what an outage adds to the memory is what counts.
const load = await watch(() => flood(SAMPLES / 2));
console.log(`load     ${SAMPLES / 2} samples, memory ${showMemory(load)}`);
await broker.end('SIGKILL');
await influx.end('SIGKILL');
const outage = await watch(() => flood(SAMPLES * 1.5));
console.log(`outage   ${SAMPLES} samples, memory ${showMemory(outage)}`);

await Promise.all([broker.start(), influx.start()]);
const progress = [];
await until(
  async () => (await note(progress)) > 0 && progress.at(-1).delivered.influx > progress[0].delivered.influx,
  120_000,
  'The database is not written',
);
const drain = await watch(() => until(async () => (await note(progress)) < LIVE_LAG, 300_000, 'Not drained', 50));
const [database, messages] = ['influx', 'mqtt'].map((sink) => drainRate(progress, sink));
console.log(`drain    ${show(drain)}`);
await sleep(2000);
const after = await watch(() => sleep(PHASE_MS));
console.log(`after    ${show(after)}`);

console.log(`backlog to InfluxDB ${database} samples/s, beside it to MQTT ${messages} samples/s`);
console.log(
  `memory above its level under the same load before: ${mb(Math.max(outage.most, drain.most) - load.level)} MB; ` +
    `ratio drain / before: median delay ${(drain.median / before.median).toFixed(2)}, p99 ${(drain.p99 / before.p99).toFixed(2)}`,
);
process.exit(0);

/** What goes on while something is waited for: delay and memory of the gateway, and how old the newest live point of the database is. */
async function watch(work) {
  delays = [];
  const memory = [];
  const ages = [];
  let asking = false;
  const timer = setInterval(async () => {
    memory.push(residentBytes(gateway.pid));
    if (asking) return;
    asking = true;
    const [newest] = await influx.query("SELECT last(n) FROM counter WHERE device = 'live'").catch(() => []);
    if (newest) ages.push(Date.now() - newest[0] / 1e6);
    asking = false;
  }, 100);
  await work();
  clearInterval(timer);
  return {
    level: median(memory),
    most: Math.max(...memory),
    median: quantile(delays, 0.5),
    p99: quantile(delays, 0.99),
    age: quantile(ages, 0.5),
  };
}

function show(seen) {
  const { median: half, p99, age } = seen;
  return (
    `live delay to MQTT: median ${half.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms; ` +
    `newest live point in InfluxDB: median ${Math.round(age)} ms old; memory ${showMemory(seen)}`
  );
}

function showMemory({ level, most }) {
  return `median ${mb(level)} MB, most ${mb(most)} MB`;
}

function mb(bytes) {
  return Math.round(bytes / MB);
}

/** Lets a second device record up to a number. */
async function flood(last) {
  writeFileSync(site, configuration + device('flood', FLOOD_HZ, last));
  await until(() => recorded('flood') === last, 600_000, 'The flood does not end', 100);
}

/** How far a device is. */
function recorded(id) {
  if (!existsSync(join(folder, id))) return 0;
  const [, number] = /(?:^|\n)< (\d+) \d+\n$/.exec(readFileSync(join(folder, id), 'utf8').slice(-100)) ?? [];
  return Number(number ?? 0);
}

/** Writes down how far the sinks are; returns what the one furthest back has to deliver. */
async function note(progress) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const of = (name) =>
    Object.fromEntries(
      [...text.matchAll(new RegExp(`^labwire_sink_${name}\\{sink="(\\w+)"\\} (\\S+)$`, 'gm'))].map(
        ([, sink, value]) => [sink, Number(value)],
      ),
    );
  const lag = of('lag_samples');
  progress.push({ at: performance.now(), lag, delivered: of('delivered_total') });
  return Math.max(...Object.values(lag));
}

/** Samples per second from the first that was delivered again until all are. */
function drainRate(progress, sink) {
  const first = progress.findLast(({ delivered }) => delivered[sink] === progress[0].delivered[sink]);
  const last = progress.find(({ lag }) => lag[sink] < LIVE_LAG) ?? progress.at(-1);
  return Math.round((last.delivered[sink] - first.delivered[sink]) / ((last.at - first.at) / 1000));
}
