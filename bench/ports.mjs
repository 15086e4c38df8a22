// Whether a reading costs the same however many ports there are: 256 ports with 20 lines per second each, against one
// port with the same lines per second. Several runs of each in turn; printed are medians and their ratio.
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { Pty } from '../dist/src/index.js';
import { cpuSeconds, end, median, startBroker, startLabwire } from './rig.mjs';

const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const PORTS = 256;
const LINES_PER_SECOND = 20 * PORTS;
const SECONDS = 10;

const broker = await startBroker();
const runs = new Map([
  [1, []],
  [PORTS, []],
]);
for (let run = 1; run <= RUNS; run++) {
  for (const [ports, results] of runs) {
    const cost = await measure(ports);
    results.push(cost);
    console.log(`run ${run}  ${String(ports).padStart(3)} ports  ${cost.toFixed(1)} µs CPU per reading`);
  }
}
const [one, many] = [...runs.values()].map(median);
console.log(`ratio ${PORTS} ports / one port: CPU per reading ${(many / one).toFixed(2)}`);
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

/** Writes the lines one by one, to each port in turn, evenly over the time. */
async function talk(ptys) {
  const line = Buffer.from('21.5\n');
  const began = performance.now();
  let sent = 0;
  while (sent < LINES_PER_SECOND * SECONDS) {
    const due = Math.floor(((performance.now() - began) / 1000) * LINES_PER_SECOND);
    for (; sent < due; sent++) ptys[sent % ptys.length].write(line);
    await sleep(1);
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
