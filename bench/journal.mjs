// What the journal costs: samples of one channel from sixteen devices, appended as fast as the disk thread takes them,
// and read again from the disk. What the main thread spends is what an append takes from polling.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLogger, systemClock } from '../dist/src/base/index.js';
import { SqliteJournal } from '../dist/src/journal/index.js';
import { folder, sources } from './rig.mjs';

const SAMPLES = Number(process.env.BENCH_SAMPLES ?? 1_000_000);
const DEVICES = 16;
/** Samples that may wait for their commit: below what the journal keeps in memory. */
const AHEAD = 60_000;

const path = join(folder, 'journal.db');
const limits = { maxSize: 2e9, maxAge: 1e12 };
const open = async () => {
  const journal = new SqliteJournal({ path, ...limits }, { clock: systemClock, log: silentLogger });
  await journal.open();
  return journal;
};

const devices = sources(DEVICES, ['value']);

const journal = await open();
journal.offset('database');
const mainBefore = performance.eventLoopUtilization();
const cpuBefore = process.cpuUsage();
const began = performance.now();
const time = Date.now() * 1000;
for (let sent = 0; sent < SAMPLES; ) {
  // What one turn of the event loop may bring at full rate.
  for (let i = 0; i < 64 && sent < SAMPLES; i++, sent++) {
    journal.append({
      kind: 'sample',
      sequence: 0,
      source: devices[sent % DEVICES],
      time: time + sent * 10,
      values: { value: sent / 8 },
    });
  }
  await turn();
  while (journal.head - journal.committed > AHEAD) await new Promise((resolve) => setTimeout(resolve, 1));
}
while (journal.committed < journal.head) await new Promise((resolve) => setTimeout(resolve, 1));
const seconds = (performance.now() - began) / 1000;
const { active } = performance.eventLoopUtilization(mainBefore);
const { user, system } = process.cpuUsage(cpuBefore);
await journal.close();
console.log(
  `append  ${Math.round(SAMPLES / seconds)} samples/s committed, main thread ${((active * 1000) / SAMPLES).toFixed(2)} µs, ` +
    `all threads ${((user + system) / SAMPLES).toFixed(2)} µs per sample, ${(statSync(path).size / SAMPLES).toFixed(0)} bytes per sample on disk`,
);

const again = await open();
const replayBegan = performance.now();
let read = 0;
for (let after = again.offset('database'); ; ) {
  const records = await again.read(after, 5000);
  if (records.length === 0) break;
  read += records.length;
  after = records.at(-1).sequence;
  again.acknowledge('database', after);
}
const replay = (performance.now() - replayBegan) / 1000;
await again.close();
if (read !== SAMPLES) throw new Error(`${read} of ${SAMPLES} samples were read`);
console.log(`replay  ${Math.round(SAMPLES / replay)} samples/s`);
