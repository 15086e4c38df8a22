import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { Pty } from '../../src/index.ts';
import { type Influx, startInflux, startMosquitto } from '../integration/services.ts';
import { Arrivals, Currency } from './arrivals.ts';
import { countingSite } from './counter.ts';
import { waitedForCpu } from './given-time.ts';
import { Folder, labwire } from './labwire-process.ts';

const SAMPLES = Number(process.env.LABWIRE_LOSS_SAMPLES ?? 200_000);
const KILLS = Number(process.env.LABWIRE_LOSS_KILLS ?? 50);
/** What is ended when, and for how long, follows from it alone. */
const SEED = Number(process.env.LABWIRE_LOSS_SEED ?? Date.now() % 1_000_000);
const RATE = 8000;
const LONGEST_OUTAGE_MS = 1500;
/** What was recorded this long before the gateway was killed is never lost; what time it was given no CPU does not count. */
const COMMITTED_NS = 100_000_000n;
/** For a test that fails only. */
const PROGRESS_LIMIT_MS = 120_000;
const DRAIN_LIMIT_MS = 120_000;
const LIMIT_MS = 900_000;

const folder = new Folder();
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
  folder.remove();
});

it(`of ${SAMPLES} samples none is lost while broker, database and gateway are ended ${KILLS} times`, {
  timeout: LIMIT_MS,
}, async () => {
  const broker = await startMosquitto();
  endings.push(() => broker.stop());
  const influx = await startInflux();
  endings.push(() => influx.stop());
  const tty = Pty.open();
  endings.push(() => tty.close());
  const more = `mqtt: { url: "${broker.url}" }\ninflux: { url: "${influx.url}", database: lab }`;
  const { file, ledger } = countingSite({ folder, tty: tty.path, rate: RATE, last: SAMPLES, more });
  const arrivals = await Arrivals.of(broker, SAMPLES);
  endings.push(() => arrivals.stop());
  const currency = await Currency.of(broker);
  endings.push(() => currency.stop());
  let gateway = labwire('run', '--config', file);
  endings.push(() => gateway.stop('SIGKILL'));

  /** What was recorded before was on the disk when the gateway was killed, and the last number that it may have recorded. */
  const deaths: { committed: bigint; begun: number }[] = [];
  let life = new Life(gateway.child.pid ?? 0);
  const parts = {
    broker: { end: () => broker.kill('SIGTERM'), begin: () => broker.start() },
    influx: { end: () => influx.kill('SIGKILL'), begin: () => influx.start() },
    gateway: {
      end: async () => {
        const committed = life.committed(COMMITTED_NS);
        await gateway.stop('SIGKILL');
        deaths.push({ committed, begun: ledger.begun });
      },
      begin: async () => {
        gateway = labwire('run', '--config', file);
        life = new Life(gateway.child.pid ?? 0);
      },
    },
  };
  const names = Object.keys(parts) as (keyof typeof parts)[];
  const random = chance(SEED);
  /** Each part comes back in its own time, while others go. */
  const absences = new Map<string, Promise<void>>();
  const course: string[] = [];
  for (let kill = 1; kill <= KILLS; kill++) {
    const number = Math.floor(((kill - random()) * SAMPLES) / KILLS);
    const name = names[Math.floor(random() * names.length)] ?? 'gateway';
    const outageMs = random() * LONGEST_OUTAGE_MS;
    const isThere = (): boolean => {
      if (gateway.child.exitCode === null && gateway.child.signalCode === null) life.look();
      return ledger.begun >= number;
    };
    await until(isThere, PROGRESS_LIMIT_MS, 2);
    await absences.get(name);
    course.push(`${name} at ${ledger.begun}`);
    await parts[name].end();
    absences.set(name, pause(outageMs).then(parts[name].begin));
  }
  await Promise.all(absences.values());
  await until(() => ledger.begun === SAMPLES, PROGRESS_LIMIT_MS);

  const certain = ledger.accepted
    .filter(({ upTo, at }) => at < (deaths.find(({ begun }) => begun >= upTo)?.committed ?? at + 1n))
    .flatMap(({ from, upTo }) => Array.from({ length: upTo - from }, (_, i) => from + 1 + i));
  const missing = (counts: Counts): number[] => certain.filter((n) => !counts[n]);
  const began = performance.now();
  await until(() => missing(arrivals.counts).length === 0, DRAIN_LIMIT_MS).catch(() => {});
  await until(async () => missing(await points(influx)).length === 0, DRAIN_LIMIT_MS, 500).catch(() => {});
  const drained = performance.now() - began;
  const { status } = await gateway.stop();
  const stored = await points(influx);
  process.stdout.write(
    `seed ${SEED}, ${deaths.length} kills of the gateway: ${certain.length} of ${SAMPLES} are certain, ` +
      `${stored.filter((times) => times > 0).length} are stored, ${arrivals.counts.filter((times) => times > 0).length} have arrived, ` +
      `${Math.round(drained)} ms after the last was recorded\n`,
  );
  expect(arrivals.lostSessions).toBe(0);
  expect(
    {
      arrived: missing(arrivals.counts),
      stored: missing(stored),
      twice: [...stored.keys()].filter((n) => (stored[n] ?? 0) > 1),
    },
    course.join(', '),
  ).toEqual({ arrived: [], stored: [], twice: [] });
  expect(currency.wrong).toEqual([]);
  // Else the test would not show much. Where others keep all processors busy it is about a half.
  expect(certain.length).toBeGreaterThan(SAMPLES * 0.25);
  expect(status).toBe(0);
});

/** How long a process waited for a CPU, over its life. */
class Life {
  readonly #pid: number;
  /** In ns. */
  readonly #looks: { readonly at: bigint; readonly waited: bigint }[] = [];

  constructor(pid: number) {
    this.#pid = pid;
  }

  look(): void {
    this.#looks.push({ at: process.hrtime.bigint(), waited: waitedForCpu(this.#pid) });
  }

  /** The time since when the process was given so many ns, reckoned from now; 0 where it has not lived so long. */
  committed(given: bigint): bigint {
    const at = process.hrtime.bigint();
    const waited = waitedForCpu(this.#pid);
    const reached = this.#looks.findLast((look) => at - look.at - (waited - look.waited) >= given);
    return reached ? at - given - (waited - reached.waited) : 0n;
  }
}

/** By number, how often there is one. */
type Counts = Uint16Array;

async function points(influx: Influx): Promise<Counts> {
  const counts = new Uint16Array(SAMPLES + 1);
  for (const { n } of await influx.query('SELECT n FROM counter', 'lab'))
    counts[Number(n)] = (counts[Number(n)] ?? 0) + 1;
  return counts;
}

async function until(condition: () => boolean | Promise<boolean>, limitMs: number, everyMs = 50): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Not within ${limitMs} ms: ${condition}`);
    await pause(everyMs);
  }
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
