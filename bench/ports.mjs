// Whether a reading costs the same however many ports there are: 256 ports with 20 lines per second each, against one
// port with the same lines per second. Several runs of each in turn; printed is the median of their
// ratios, since the machine's own speed comes and goes.
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { Pty } from '../dist/src/index.js';
import { cpuSeconds, end, median, startBroker, startLabwire } from './rig.mjs';

const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const PORTS = 256;
const LINES_PER_SECOND = 20 * PORTS;
const SECONDS = 10;

const broker = await startBroker();
const ratios = [];
for (let run = 1; run <= RUNS; run++) {
  const one = await measure(1);
  const many = await measure(PORTS);
  ratios.push(many / one);
  console.log(
    `run ${run}  CPU per reading: one port ${one.toFixed(1)} µs, ${PORTS} ports ${many.toFixed(1)} µs, ratio ${(many / one).toFixed(2)}`,
  );
}
console.log(`median ratio ${PORTS} ports / one port: CPU per reading ${median(ratios).toFixed(2)}`);
process.exit(0);

/** Resolves with the gateway's CPU time for each reading, in µs. */
async function measure(count) {
  const ptys = Array.from({ length: count }, () => Pty.open());
  const subscriber = await mqtt.connectAsync(broker);
  const speaking = new Set();
  let received = 0;
  subscriber.on('message', (topic, _payload, { retain }) => {
    if (retain) return;
    speaking.add(topic);
    received++;
  });
  await subscriber.subscribeAsync('bench/labwire/+/channels/value', { qos: 0 });
  const child = startLabwire(broker, configuration(ptys));
  // The pty before its opening loses what it is given.
  while (speaking.size < count) {
    for (const pty of ptys) pty.write(Buffer.from('0\n'));
    await sleep(200);
  }
  await sleep(1000);

  received = 0;
  const before = cpuSeconds(child.pid);
  const sent = await talk(ptys);
  while (received < sent) await sleep(10);
  const cpu = cpuSeconds(child.pid) - before;

  await end(child);
  await subscriber.endAsync();
  for (const pty of ptys) pty.close();
  return (cpu / sent) * 1e6;
}

/**
 * Writes the lines one by one, to each port in turn, evenly over the time: it never sleeps, since lines that come
 * together on one port are read together, and what is to be compared is ports.
 */
async function talk(ptys) {
  const line = Buffer.from('21.5\n');
  const began = performance.now();
  let sent = 0;
  while (sent < LINES_PER_SECOND * SECONDS) {
    const due = Math.floor(((performance.now() - began) / 1000) * LINES_PER_SECOND);
    for (; sent < due; sent++) ptys[sent % ptys.length].write(line);
    await new Promise(setImmediate);
  }
  return sent;
}

function configuration(ptys) {
  const devices = ptys.map(
    ({ path }, index) =>
      `  device_${index}: { model: line, port: { path: ${path} }, line: { format: csv, channels: { value: { column: 1 } } } }`,
  );
  return `devices:\n${devices.join('\n')}\n`;
}
