import { readdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type BindingInterface, LinuxBinding } from '@serialport/bindings-cpp';
import { beforeAll, describe, expect, it } from 'vitest';
import { Pty } from '../../mocks/index.ts';
import { serialTransport } from '../../src/port/index.ts';
import { LIMIT_MS, limited, lost, turn, UnplugBench } from './unplug-bench.ts';

/** One unplug and return, at the worst moment of its phase. */
interface Phase {
  readonly name: string;
  readonly bench?: () => UnplugBench;
  cycle(bench: UnplugBench, round: number): Promise<void>;
}

const CYCLES = 25;
const WARM_UP = 5;

/** The port is lost, and tells so. */
async function unplug(bench: UnplugBench): Promise<void> {
  bench.plug.unplug();
  await bench.until('waiting');
}

const phases: readonly Phase[] = [
  {
    name: 'idle',
    cycle: async (bench) => {
      await unplug(bench);
      await bench.comeBack();
    },
  },
  {
    name: 'while questions are asked and answered',
    cycle: async (bench, round) => {
      let answers = 0;
      async function theAskingTask(): Promise<void> {
        for (;;) {
          await bench.ask();
          if (++answers === 1 + (round % 7)) bench.plug.unplug();
        }
      }
      await Promise.all([lost(theAskingTask(), 'theAskingTask'), lost(theAskingTask(), 'theAskingTask')]);
      expect(answers).toBeGreaterThan(round % 7);
      await bench.comeBack();
    },
  },
  {
    name: 'while the instrument talks',
    cycle: async (bench, round) => {
      let heard = 0;
      async function theListeningTask(): Promise<void> {
        for await (const { text } of bench.link.frames({ signal: bench.signal })) {
          expect(text).toBe(`t${bench.instrument.era}.${++heard}`);
          if (heard === 1 + (round % 5)) bench.plug.unplug();
        }
      }
      bench.instrument.talk();
      await lost(theListeningTask(), 'theListeningTask');
      await bench.comeBack();
    },
  },
  {
    name: 'in the middle of a frame that is received',
    cycle: async (bench) => {
      const { over } = await bench.askInVain();
      const heard = new Promise<void>((resolve) => {
        const end = bench.port.onData(() => {
          end();
          resolve();
        });
      });
      bench.instrument.say('half an answ');
      await limited('half an answer', heard);
      bench.plug.unplug();
      await over;
      await bench.comeBack();
    },
  },
  {
    name: 'in the middle of a frame that is sent',
    cycle: async (bench) => {
      const { over } = await bench.sendMuch(200_000);
      bench.plug.unplug();
      expect(bench.instrument.asked.filter((question) => question.endsWith('x'))).toEqual([]);
      await over;
      await bench.comeBack();
    },
  },
  {
    name: 'while nobody reads and writes are pending',
    bench: () => new UnplugBench('deaf'),
    cycle: async (bench) => {
      // A device whose other side does not read: the system takes some kilobytes, and then no more.
      const deaf = Pty.open({ link: join(bench.folder, 'deaf') });
      renameSync(join(bench.folder, 'deaf'), bench.path);
      await bench.until('open');
      const writes = Array.from({ length: 3 }, () => bench.port.write(Buffer.alloc(50_000)));
      await turn();
      deaf.close();
      for (const write of writes) await lost(write);
      await bench.until('waiting');
      await bench.comeBack(() => {
        bench.plug.replug({ path: bench.path });
      });
      await unplug(bench);
    },
  },
  {
    name: 'during an opening',
    cycle: async (bench) => {
      await unplug(bench);
      const opening = bench.until('opening');
      bench.plug.replug();
      await opening;
      bench.plug.unplug();
      await bench.comeBack();
    },
  },
  {
    name: 'during an opening, some turns later',
    cycle: async (bench, round) => {
      await unplug(bench);
      const opening = bench.until('opening');
      bench.plug.replug();
      await opening;
      for (let turns = 0; turns < round % 10; turns++) await turn();
      bench.plug.unplug();
      await bench.comeBack();
    },
  },
  {
    name: 'within the settle time',
    cycle: async (bench) => {
      await unplug(bench);
      const settling = bench.until('settling');
      bench.plug.replug();
      await settling;
      bench.plug.unplug();
      await bench.until('waiting');
      await bench.comeBack();
    },
  },
  {
    name: 'during a stop, and a start',
    cycle: async (bench, round) => {
      const { over } = await bench.askInVain();
      const stopped = bench.port.stop();
      for (let turns = 0; turns < round % 4; turns++) await turn();
      bench.plug.unplug();
      await over;
      if (round % 2 === 0) await stopped;
      bench.port.start();
      await bench.comeBack();
    },
  },
  {
    name: 'during an opening anew',
    cycle: async (bench, round) => {
      const { over } = await bench.askInVain();
      bench.port.reopen(new Error('as an example'));
      for (let turns = 0; turns < round % 6; turns++) await turn();
      bench.plug.unplug();
      await over;
      await bench.comeBack();
    },
  },
  {
    name: 'during a question, with more of them waiting',
    cycle: async (bench) => {
      async function theCallingTask(): Promise<string> {
        return await bench.link.query(bench.question('silent'), bench.patient);
      }
      const { over } = await bench.askInVain();
      const asking = Array.from({ length: 5 }, () => lost(theCallingTask(), 'theCallingTask'));
      bench.plug.unplug();
      await Promise.all([over, ...asking]);
      await lost(theCallingTask(), 'theCallingTask');
      await bench.comeBack();
    },
  },
  {
    name: 'during a flush',
    cycle: async (bench) => {
      bench.instrument.say('some bytes');
      const flushing = bench.port.flush().then(
        () => 'done',
        (error: { code?: string }) => error.code,
      );
      bench.plug.unplug();
      expect(['done', 'CONDITION_LOST']).toContain(await limited('the flush', flushing));
      await bench.until('waiting');
      await bench.comeBack();
    },
  },
  {
    name: 'and back in the same tick',
    cycle: async (bench) => {
      const away = bench.until('waiting');
      await bench.comeBack(async () => {
        bench.plug.unplug();
        bench.plug.replug();
        // The loss is noticed only after that, and whoever asks before is told of it.
        expect(bench.port.state).toBe('open');
        await lost(bench.ask());
        await away;
      });
    },
  },
  {
    name: 'several times within milliseconds',
    cycle: async (bench, round) => {
      for (let time = 0; time < 5; time++) {
        bench.plug.unplug();
        for (let turns = 0; turns < (round + time) % 4; turns++) await turn();
        bench.plug.replug();
        for (let turns = 0; turns < (round * time) % 5; turns++) await turn();
      }
      await unplug(bench);
      await bench.comeBack();
    },
  },
  {
    name: 'to another device that the same link leads to',
    bench: () => new UnplugBench('by-id'),
    cycle: async (bench, round) => {
      // udev makes a new link and moves it in the old one's place.
      const plugAt = (path: string): void => {
        bench.plug.replug({ path });
        symlinkSync(path, `${bench.path}.new`);
        renameSync(`${bench.path}.new`, bench.path);
      };
      const device = join(bench.folder, 'dev', `tty${round}`);
      await bench.comeBack(() => plugAt(device));
      const { over } = await bench.askInVain();
      bench.plug.unplug();
      await over;
      await bench.until('waiting');
    },
  },
];

async function run(phase: Phase, cycles: number): Promise<number[]> {
  const bench = phase.bench?.() ?? (await new UnplugBench().start());
  // Where the path is absent yet, it is the first cycle that makes it.
  bench.port.start();
  for (let round = 0; round < cycles; round++) await phase.cycle(bench, round);
  await bench.end();
  return bench.returns;
}

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

interface Held {
  readonly fds: number;
  readonly resources: readonly string[];
  readonly bytes: number;
}

/** What the process holds, once what is closing is closed. */
async function held(before?: Held): Promise<Held> {
  const limit = performance.now() + LIMIT_MS;
  for (;;) {
    for (let each = 0; each < 4; each++) {
      await turn();
      collect();
    }
    const { heapUsed, external } = process.memoryUsage();
    const now = {
      fds: readdirSync('/proc/self/fd').length,
      resources: process.getActiveResourcesInfo().sort(),
      bytes: heapUsed + external,
    };
    const isAsBefore = !before || (now.fds === before.fds && now.resources.length === before.resources.length);
    if (isAsBefore || performance.now() > limit) return now;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('an instrument that is unplugged and plugged in again', () => {
  let before: Held;
  let cycles = 0;
  const returns = new Map<string, readonly number[]>();

  beforeAll(async () => {
    for (const phase of phases) await run(phase, WARM_UP);
    before = await held();
  });

  for (const phase of phases)
    it(`comes back when that is ${phase.name}`, async () => {
      returns.set(phase.name, await run(phase, CYCLES));
      cycles += CYCLES;
    });

  it('does so at once', () => {
    for (const [phase, times] of returns) {
      const sorted = times.toSorted((a, b) => a - b);
      expect(sorted[Math.floor(sorted.length / 2)], phase).toBeLessThan(250);
      expect(sorted.at(-1), phase).toBeLessThan(2_000);
    }
  });

  it('leaves the process as it was before', async () => {
    expect(cycles).toBeGreaterThanOrEqual(300);
    const after = await held(before);
    expect(after.fds).toBe(before.fds);
    expect(after.resources).toEqual(before.resources);
    expect(after.bytes / before.bytes).toBeLessThan(1.05);
  });

  it('leaves no core busy', async () => {
    const [usage, begin] = [process.cpuUsage(), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { user, system } = process.cpuUsage(usage);
    expect((user + system) / 1000 / (performance.now() - begin)).toBeLessThan(0.5);
  });
});

describe("serialport's own read", () => {
  it('misses an unplug that comes right after traffic, which is why labwire reads in its own way', async () => {
    let missed = 0;
    for (let round = 0; round < 100 && missed === 0; round++)
      missed += (await unplugAfterTraffic(500, LinuxBinding)) ? 0 : 1;
    expect(missed).toBe(1);
    for (let round = 0; round < 12; round++) expect(await unplugAfterTraffic(LIMIT_MS)).toBe(true);
  });
});

/** Whether a connection tells that it is lost, when the cable is pulled while an answer is read. */
async function unplugAfterTraffic(limitMs: number, binding?: BindingInterface): Promise<boolean> {
  const pty = Pty.open();
  pty.onData((bytes) => pty.write(bytes));
  let received = 0;
  let isLost = false;
  const connection = await serialTransport(pty.path, {}, binding ? { binding } : {}).open(
    {
      data: (bytes) => {
        received += bytes.length;
        if (received === 50) pty.close();
      },
      lost: () => {
        isLost = true;
      },
    },
    new AbortController().signal,
  );
  for (let message = 1; message <= 5; message++) {
    await connection.write(Buffer.from('0123456789'));
    while (received < message * 10) await turn();
  }
  for (const limit = performance.now() + limitMs; !isLost && performance.now() < limit; ) await turn();
  // Whatever it misses, its closing ends it.
  await connection.close();
  return isLost;
}
