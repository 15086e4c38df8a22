// How labwire compares with a bare script that does the same: pty → line → number → MQTT at QoS 1, to a real Mosquitto.
// Five runs of each in turn, labwire also with InfluxDB beside it; printed are medians and their ratios, since the machine's
// own speed comes and goes.
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { Pty } from '../dist/src/index.js';
import { cpuSeconds, end, influxd, median, start, startBroker, startLabwire } from './rig.mjs';

const RUNS = Number(process.env.BENCH_RUNS ?? 5);
const READINGS = 100_000;
/** Lines that are under way at most: the line is always full, and nothing is ever dropped. */
const WINDOW = 1000;
const PACED = 3000;
const PACED_HZ = 1000;
const SUBJECTS = ['bare', 'labwire', 'with_influx'];

const broker = await startBroker();
const { url: database } = await influxd();
const runs = Object.fromEntries(SUBJECTS.map((subject) => [subject, []]));
for (let run = 1; run <= RUNS; run++) {
  for (const subject of SUBJECTS) {
    const result = await measure(subject);
    runs[subject].push(result);
    console.log(`run ${run}  ${subject.padEnd(11)} ${show(result)}`);
  }
}
const [bare, ...others] = SUBJECTS.map((subject) => medians(runs[subject]));
console.log(`median ${'bare'.padEnd(11)} ${show(bare)}`);
for (const [index, result] of others.entries()) {
  const subject = SUBJECTS[index + 1];
  console.log(`median ${subject.padEnd(11)} ${show(result)}`);
  console.log(
    `ratio ${subject} / bare: readings per second ${(result.rate / bare.rate).toFixed(2)}, ` +
      `CPU per reading ${(result.cpu / bare.cpu).toFixed(2)}, median delay ${(result.delay / bare.delay).toFixed(2)}`,
  );
}
process.exit(0);

async function measure(subject) {
  const pty = Pty.open();
  const child =
    subject === 'bare'
      ? start(process.execPath, ['bench/bare.mjs', pty.path, broker])
      : startLabwire(broker, configuration(subject, pty.path));
  const subscriber = await mqtt.connectAsync(broker);
  let received = () => {};
  // What the run before has left on the broker says nothing about this one.
  subscriber.on('message', (_topic, payload, { retain }) => {
    if (!retain) received(JSON.parse(payload.toString()).value);
  });
  await subscriber.subscribeAsync(`bench/${subject === 'bare' ? 'bare' : 'labwire'}/device/channels/value`, { qos: 0 });
  await ready(pty, (listener) => {
    received = listener;
  });

  const cpuBefore = cpuSeconds(child.pid);
  const began = performance.now();
  await new Promise((done, fail) => {
    let sent = 0;
    let got = 0;
    let before = -1;
    const progress = setInterval(() => {
      if (got === before)
        fail(new Error(`${subject}: stuck at ${got} of ${sent}; the pty dropped ${pty.dropped} bytes`));
      before = got;
    }, 5000);
    const fill = () => {
      let lines = '';
      while (sent < READINGS && sent - got < WINDOW) lines += `${++sent}\n`;
      if (lines) pty.write(Buffer.from(lines));
    };
    received = (value) => {
      if (value < 1) return;
      got++;
      if (got === READINGS) {
        clearInterval(progress);
        done();
      }
      if (got % (WINDOW / 10) === 0) fill();
    };
    fill();
  });
  const seconds = (performance.now() - began) / 1000;
  const cpu = cpuSeconds(child.pid) - cpuBefore;

  const delays = [];
  await new Promise((done) => {
    const sentAt = [];
    received = (value) => {
      const at = sentAt[value];
      if (at === undefined) return;
      delays.push(performance.now() - at);
      if (delays.length === PACED) done();
    };
    const start = performance.now();
    const timer = setInterval(() => {
      while (sentAt.length < PACED && performance.now() - start >= (sentAt.length * 1000) / PACED_HZ) {
        const line = `${sentAt.length}\n`;
        sentAt.push(performance.now());
        pty.write(Buffer.from(line));
      }
      if (sentAt.length === PACED) clearInterval(timer);
    }, 1);
  });

  await subscriber.endAsync();
  await end(child);
  pty.close();
  return { rate: READINGS / seconds, cpu: (cpu / READINGS) * 1e6, delay: median(delays) };
}

/** Sends lines until the first comes through, then waits until the last of them has. */
async function ready(pty, listen) {
  let got = 0;
  let sent = 0;
  listen(() => got++);
  while (got === 0) {
    pty.write(Buffer.from('0\n'));
    sent++;
    await sleep(100);
    if (sent > 300) throw new Error('Nothing came through in 30 s');
  }
  await sleep(500);
}

function configuration(subject, path) {
  return `${subject === 'with_influx' ? `influx: { url: "${database}", database: bench }` : ''}
devices:
  device:
    model: line
    port: { path: ${path} }
    serial: { baudRate: 115200 }
    line: { format: csv, channels: { value: { column: 1, unit: V } } }
`;
}

function medians(results) {
  return Object.fromEntries(['rate', 'cpu', 'delay'].map((key) => [key, median(results.map((result) => result[key]))]));
}

function show({ rate, cpu, delay }) {
  return `${Math.round(rate)} readings/s  ${cpu.toFixed(1)} µs CPU per reading  ${delay.toFixed(3)} ms median delay at ${PACED_HZ}/s`;
}
