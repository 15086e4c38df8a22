// What a history costs: of a million samples of one channel, beside as many of another device, from a journal on disk that
// is at rest, and from one that takes samples meanwhile; against reading the same samples one by one, and how long the event
// loop waits at the longest.
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { silentLogger, systemClock } from '../dist/src/base/index.js';
import { SqliteJournal } from '../dist/src/journal/index.js';
import { folder, sources } from './rig.mjs';

const SAMPLES = Number(process.env.BENCH_SAMPLES ?? 1_000_000);
const POINTS = 1000;
const OTHERS = 1;
/** Samples that may wait for their commit: below what the journal keeps in memory. */
const AHEAD = 60_000;
const ROUNDS = 5;

const journal = new SqliteJournal(
  { path: join(folder, 'journal.db'), maxSize: 8e9, maxAge: 1e12 },
  { clock: systemClock, log: silentLogger },
);
await journal.open();

const devices = sources(1 + OTHERS, ['value', 'heater']);
const [asked, ...others] = devices;
const began = 1_790_000_000_000_000;
const append = (source, i) =>
  journal.append({
    kind: 'sample',
    sequence: 0,
    source,
    time: began + i * 100_000,
    values: { value: 4.2 + (i % 1000) / 1000, heater: i % 100 },
  });

for (let i = 0; i < SAMPLES; ) {
  for (let k = 0; k < 64 && i < SAMPLES; k++, i++) for (const source of devices) append(source, i);
  await turn();
  while (journal.head - journal.committed > AHEAD) await sleep(1);
}
while (journal.committed < journal.head) await sleep(1);
// It summarises a little more slowly than it was filled here.
await sleep(6000);

const to = began + SAMPLES * 100_000;
const query = { device: asked.device, channel: 'value', from: began, to, points: POINTS };

/** Of several rounds the median and the longest, and the event loop's longest delay meanwhile. */
async function measured(name, work) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  delay.disable();
  times.sort((a, b) => a - b);
  const median = times[ROUNDS >> 1];
  const figures = [median, times.at(-1), delay.max / 1e6].map((figure) => `${figure.toFixed(0).padStart(6)} ms`);
  console.log(`${name.padEnd(34)} median ${figures[0]}, longest ${figures[1]}, event loop at most ${figures[2]}`);
  return median;
}

const history = async (points = POINTS) => {
  const { buckets } = await journal.history({ ...query, points });
  const count = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  if (count !== SAMPLES) throw new Error(`${count} of ${SAMPLES} samples are in the history`);
};

// The first query starts its thread.
await measured('first queries', () => history());
const still = await measured(`${SAMPLES} samples, ${POINTS} points`, () => history());
await measured(`${SAMPLES} samples, 100 points`, () => history(100));
await measured(`${SAMPLES} samples, 10,000 points`, () => history(10_000));

let writing = true;
let written = 0;
const writer = (async () => {
  for (let i = SAMPLES; writing; i++) {
    for (let k = 0; k < 20; k++) append(others[k % OTHERS], i * 20 + k);
    written += 20;
    await sleep(2);
  }
})();
const start = performance.now();
await measured('the same beside live samples', () => history());
await sleep(500);
writing = false;
await writer;
console.log(`  (${Math.round(written / ((performance.now() - start) / 1000))} samples/s were written meanwhile)`);

const range = performance.now();
let read = 0;
for await (const _ of journal.range({ device: asked.device, from: began, to })) read++;
const reading = performance.now() - range;
if (read !== SAMPLES) throw new Error(`${read} of ${SAMPLES} samples were read`);
console.log(`one by one ${reading.toFixed(0)} ms: ${(reading / still).toFixed(0)} times as long`);
await journal.close();
