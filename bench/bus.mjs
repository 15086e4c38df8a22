// What silent instruments cost those that share a line with them: 16 emulated sensors on one RS-485 line (a real pty),
// each polled so often that the 13 healthy ones take half of the line's time, with three silent ones among them, and
// without those. Printed are the deviations of the intervals between two samples of the healthy ones.
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { XyMd02Emulator } from '../dist/mocks/index.js';
import { Pty } from '../dist/src/index.js';
import { end, median, startBroker, startLabwire } from './rig.mjs';

const SECONDS = Number(process.env.BENCH_SECONDS ?? 60);
const HEALTHY = 13;
const SILENT = 3;
/** Question and answer at 9600 baud, 17 bytes of 10 bits, and the sensor's own time. */
const TRANSACTION_MS = 25;
/** Samples of each sensor after which the start is over. */
const SETTLED = 5;
const INTERVAL_MS = 2 * HEALTHY * TRANSACTION_MS;

const broker = await startBroker();
const without = await measure(0);
const among = await measure(SILENT);
const worst = (result) => Math.max(...result.map((device) => device.worst));
const typical = (result) => median(result.map((device) => device.median));
console.log(
  `ratio with / without the silent ones: samples ${(samples(among) / samples(without)).toFixed(3)}, ` +
    `median deviation ${(typical(among) / typical(without)).toFixed(2)}, ` +
    `worst deviation ${(worst(among) / worst(without)).toFixed(2)}`,
);
process.exit(0);

async function measure(silent) {
  const names = Array.from({ length: HEALTHY }, (_, index) => `sensor_${index + 1}`);
  const times = new Map(names.map((name) => [name, []]));
  const pty = Pty.open();
  const sensors = names.map((_, index) => new XyMd02Emulator({ address: index + 1, delayMs: TRANSACTION_MS }));
  const line = share(pty, sensors);
  const devices = names.concat(Array.from({ length: silent }, (_, index) => `silent_${index + 1}`));
  const subscriber = await mqtt.connectAsync(broker);
  subscriber.on('message', (topic, payload, { retain }) => {
    const { time, quality } = JSON.parse(payload.toString());
    // What a stop of the gateway marks as stale is no sample of the sensor.
    if (!retain && quality === 'good') times.get(topic.split('/')[2])?.push(Date.parse(time));
  });
  await subscriber.subscribeAsync('bench/labwire/+/channels/temperature');
  const child = startLabwire(broker, configuration(pty.path, devices));
  while ([...times.values()].some(({ length }) => length < SETTLED)) await sleep(50);
  for (const list of times.values()) list.length = 0;
  await sleep(SECONDS * 1000);
  await end(child);
  await subscriber.endAsync();
  for (const sensor of sensors) sensor.disconnect();
  line.close();
  const result = names.map((name) => deviations(name, times.get(name)));
  console.log(`\n${HEALTHY} sensors every ${INTERVAL_MS} ms for ${SECONDS} s, ${silent} silent ones beside them`);
  for (const { name, count, median: middle, worst: most } of result)
    console.log(
      `${name.padEnd(10)} ${count} samples, deviation from the interval: median ${middle.toFixed(1)} ms, worst ${most.toFixed(1)} ms`,
    );
  return result;
}

function configuration(path, devices) {
  // The silent ones stand between the others.
  const order = devices.toSorted((a, b) => a.slice(-1).localeCompare(b.slice(-1)));
  const lines = order.map((name) => {
    const address = devices.indexOf(name) + 1;
    return `  ${name}: { model: xy-md02, port: bus, address: ${address}, interval: ${INTERVAL_MS}ms }`;
  });
  return `ports:\n  bus: { path: ${path} }\ndevices:\n${lines.join('\n')}\n`;
}

/** All instruments hear what the gateway sends. */
function share(pty, instruments) {
  const listeners = [];
  for (const instrument of instruments)
    instrument.connect({
      send: (bytes) => pty.write(Buffer.from(bytes)),
      onReceive: (listener) => listeners.push(listener),
    });
  pty.onData((bytes) => {
    for (const listener of listeners) listener(bytes);
  });
  return pty;
}

function deviations(name, times) {
  const all = times.slice(1).map((time, index) => Math.abs(time - times[index] - INTERVAL_MS));
  return { name, count: times.length, median: median(all), worst: Math.max(...all) };
}

function samples(result) {
  return result.reduce((sum, { count }) => sum + count, 0);
}
