import { describe, expect, it } from 'vitest';
import { ConditionLost, FakeClock, LabwireError } from '../../src/base/index.ts';
import type { Transport } from '../../src/port/connection.ts';
import { memoryLine } from '../../src/port/emulation/memory-transport.ts';
import { Port } from '../../src/port/port.ts';
import type { PortState } from '../../src/port/port-state.ts';
import { recordingLog } from './recording-log.ts';

const never = new AbortController().signal;

/** A port over a line in memory, with a clock that stands still. */
function bench(options: { settleMs?: number; transport?: (real: Transport) => Transport; random?: number } = {}) {
  const clock = new FakeClock();
  const memory = memoryLine('/dev/ttyTEST', { simulated: false, deliver: queueMicrotask });
  const { log, lines } = recordingLog();
  const transport = options.transport?.(memory.transport) ?? memory.transport;
  const settleMs = options.settleMs ?? 50;
  const port = new Port({ transport, clock, log, settleMs, random: () => options.random ?? 0 });
  const states: PortState[] = [];
  port.onChange((state) => states.push(state));
  return { clock, memory, port, states, lines, log };
}

/** Counts the attempts to open, and tells when they were made. */
function counted(clock: () => FakeClock, attempts: number[], refusal?: () => Error | undefined) {
  return (real: Transport): Transport => ({
    ...real,
    open: async (events, signal) => {
      attempts.push(clock().monotonic());
      const error = refusal?.();
      if (error) throw error;
      return real.open(events, signal);
    },
  });
}

const absent = (): LabwireError => new LabwireError('PORT_ABSENT', 'There is no port');

describe('Port', () => {
  it('keeps why it is not open, for who asks later, until it is', async () => {
    let refusal: Error | undefined = absent();
    const transport = counted(
      () => setup.clock,
      [],
      () => refusal,
    );
    const setup = bench({ transport });
    const { clock, memory, port } = setup;
    const kept = (): unknown => [port.state, port.lastError && (port.lastError as LabwireError).code];
    expect(kept()).toEqual(['closed', undefined]);
    const atChanges: unknown[] = [];
    port.onChange(() => atChanges.push(kept()));
    port.start();
    await clock.advance(100);
    refusal = undefined;
    await clock.advance(500);
    memory.unplug();
    expect(kept()).toEqual(['waiting', 'PORT_FAILED']);
    await port.stop();
    port.start();
    await port.stop();
    expect(atChanges).toEqual([
      ['opening', undefined],
      ['waiting', 'PORT_ABSENT'],
      ['opening', 'PORT_ABSENT'],
      ['settling', 'PORT_ABSENT'],
      ['open', undefined],
      ['waiting', 'PORT_FAILED'],
      ['closed', 'PORT_CLOSED'],
      ['opening', undefined],
      ['closed', 'PORT_CLOSED'],
    ]);
  });

  it('is open after the settle time, and discards what arrived within it', async () => {
    const { clock, memory, port, states } = bench();
    const received: string[] = [];
    port.onData((bytes) => received.push(bytes.toString()));
    port.start();
    await clock.advance(0);
    memory.line.send('boot banner');
    await clock.advance(49);
    expect(port.state).toBe('settling');
    await clock.advance(1);
    expect(states).toEqual(['opening', 'settling', 'open']);
    memory.line.send('reading');
    await clock.advance(0);
    expect(received).toEqual(['reading']);
    expect(port.counters).toMatchObject({ opens: 1, losses: 0, discarded: 11 });
  });

  it('tells those who wait for it that it is open, and lets a signal end the wait', async () => {
    const { clock, port } = bench();
    const abort = new AbortController();
    const given = port.opened(abort.signal);
    const waiting = port.opened(never);
    port.start();
    abort.abort();
    await expect(given).rejects.toThrow('ABORTED');
    await clock.advance(50);
    await expect(waiting).resolves.toBeUndefined();
    await expect(port.opened(never)).resolves.toBeUndefined();
  });

  it('tries again after half a second, and less and less often, but at least each ten seconds', async () => {
    const attempts: number[] = [];
    const parts = bench({ transport: counted(() => parts.clock, attempts, absent) });
    parts.port.start();
    await parts.clock.advance(60_000);
    const gaps = attempts.slice(1).map((time, index) => Math.round(time - (attempts[index] ?? 0)));
    expect(gaps[0]).toBe(500);
    expect(gaps[1]).toBeGreaterThan(800);
    expect(gaps.slice(5)).toEqual(gaps.slice(5).map(() => 10_000));
    await parts.port.stop();
    expect(parts.clock.pending).toBe(0);
  });

  it('scatters its delays downwards', async () => {
    const attempts: number[] = [];
    const parts = bench({ random: 0.8, transport: counted(() => parts.clock, attempts, absent) });
    parts.port.start();
    await parts.clock.advance(499);
    expect(attempts).toEqual([0, 400]);
    await parts.port.stop();
  });

  it('opens at once when the path appears, also while an attempt is failing', async () => {
    const attempts: number[] = [];
    let appeared = (): void => {};
    let watches = 0;
    let refuse = true;
    const parts = bench({
      transport: (real) => ({
        ...counted(
          () => parts.clock,
          attempts,
          () => (refuse ? absent() : undefined),
        )(real),
        watch: (callback) => {
          watches++;
          appeared = callback;
          return () => {
            watches--;
          };
        },
      }),
    });
    parts.port.start();
    appeared();
    await parts.clock.advance(0);
    expect(attempts).toEqual([0, 0]);
    await parts.clock.advance(123);
    refuse = false;
    appeared();
    await parts.clock.advance(50);
    expect(attempts).toEqual([0, 0, 123]);
    expect(parts.port.state).toBe('open');
    expect([watches, parts.clock.pending]).toEqual([0, 0]);
    parts.memory.unplug();
    expect(watches).toBe(1);
    await parts.port.stop();
    expect(watches).toBe(0);
  });

  it('writes two lines about an outage, however long it lasts', async () => {
    const { clock, memory, port, lines } = bench();
    port.start();
    await clock.advance(60_000);
    memory.unplug(absent());
    await clock.advance(3_600_000);
    memory.plug();
    await clock.advance(10_100);
    expect(port.state).toBe('open');
    expect(lines).toEqual([
      'warn: /dev/ttyTEST was lost; check cable and power (PORT_FAILED)',
      'info: /dev/ttyTEST is open again',
    ]);
  });

  it('says of a port that was absent from the start that it is open, once it came', async () => {
    let error: Error | undefined = absent();
    const clock: FakeClock[] = [];
    const parts = bench({
      transport: counted(
        () => clock[0] as FakeClock,
        [],
        () => error,
      ),
    });
    clock.push(parts.clock);
    parts.port.start();
    await parts.clock.advance(60_000);
    error = undefined;
    await parts.clock.advance(20_000);
    expect(parts.lines).toEqual(['warn: There is no port (PORT_ABSENT)', 'info: /dev/ttyTEST is open']);
    await parts.port.stop();
  });

  it('writes no further lines about a port that comes and goes', async () => {
    const { clock, memory, port, lines } = bench();
    port.start();
    for (let round = 0; round < 20; round++) {
      await clock.advance(11_000);
      expect(port.state).toBe('open');
      memory.unplug();
      memory.plug();
      await clock.advance(1_000);
      memory.unplug();
      memory.plug();
    }
    const perRound = lines.length / 20;
    expect(perRound).toBeLessThanOrEqual(2);
  });

  it('tells a missing permission even in an outage that the log knows of', async () => {
    const { clock, memory, port, lines } = bench();
    port.start();
    await clock.advance(60_000);
    memory.unplug(absent());
    await clock.advance(20_000);
    memory.unplug(new LabwireError('PORT_DENIED', 'No permission'));
    await clock.advance(60_000);
    expect(lines).toEqual([
      'warn: /dev/ttyTEST was lost; check cable and power (PORT_FAILED)',
      'warn: No permission (PORT_DENIED)',
    ]);
  });

  it('refuses to write unless it is open, so that nothing is sent after a return', async () => {
    const { clock, memory, port } = bench();
    const sent: string[] = [];
    memory.line.onReceive((bytes) => sent.push(bytes.toString()));
    await expect(port.write(Buffer.from('a'))).rejects.toBeInstanceOf(ConditionLost);
    port.start();
    await clock.advance(10);
    await expect(port.write(Buffer.from('b'))).rejects.toBeInstanceOf(ConditionLost);
    await clock.advance(40);
    await port.write(Buffer.from('c'));
    memory.unplug();
    await expect(port.write(Buffer.from('d'))).rejects.toBeInstanceOf(ConditionLost);
    memory.plug();
    await clock.advance(1_000);
    expect(sent).toEqual(['c']);
  });

  it('does not open before the connection before is closed', async () => {
    let finishClose = (): void => {};
    const attempts: number[] = [];
    const parts = bench({
      transport: (real) => ({
        ...real,
        open: async (events, signal) => {
          attempts.push(parts.clock.monotonic());
          const connection = await real.open(events, signal);
          return { ...connection, close: () => new Promise<void>((resolve) => (finishClose = resolve)) };
        },
      }),
    });
    parts.port.start();
    await parts.clock.advance(100);
    parts.port.reopen(new Error('dead'));
    await parts.clock.advance(1_000);
    expect(attempts).toEqual([0]);
    finishClose();
    await parts.clock.advance(50);
    expect(attempts).toEqual([0, 1_100]);
    expect(parts.states.slice(-3)).toEqual(['opening', 'settling', 'open']);
    expect(parts.lines).toEqual([]);
  });

  it('stops within two seconds though neither closing nor opening ever ends', async () => {
    const hangs = new Promise<never>(() => {});
    const closing = bench({
      transport: (real) => ({
        ...real,
        open: async (events, signal) => ({ ...(await real.open(events, signal)), close: () => hangs }),
      }),
    });
    closing.port.start();
    await closing.clock.advance(100);
    const stopped = closing.port.stop();
    await closing.clock.advance(2_000);
    await stopped;
    expect(closing.port.state).toBe('closed');
    expect(closing.lines).toHaveLength(1);

    const opening = bench({ transport: (real) => ({ ...real, open: () => hangs }) });
    opening.port.start();
    const waiter = opening.port.opened(never);
    await opening.clock.advance(100);
    const ended = opening.port.stop();
    await expect(waiter).rejects.toThrow('PORT_CLOSED');
    await opening.clock.advance(2_000);
    await ended;
    expect(opening.port.state).toBe('closed');
    expect(opening.lines).toHaveLength(1);
    expect(opening.clock.pending).toBe(0);
  });

  it('gives an opening up that takes longer than ten seconds', async () => {
    const { clock, port, lines } = bench({
      transport: (real) => ({
        ...real,
        open: (_events, signal) =>
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
      }),
    });
    port.start();
    await clock.advance(10_000);
    expect(port.state).toBe('waiting');
    expect(lines).toEqual(['warn: Opening /dev/ttyTEST took longer than 10 s (TIMEOUT)']);
    await port.stop();
  });

  it('closes a connection that comes after the stop', async () => {
    let arrive = (): void => {};
    let closed = 0;
    const { clock, port } = bench({
      transport: (real) => ({
        ...real,
        open: async (events) => {
          await new Promise<void>((resolve) => (arrive = resolve));
          const connection = await real.open(events, new AbortController().signal);
          return { ...connection, close: async () => void closed++ };
        },
      }),
    });
    port.start();
    await clock.advance(1);
    const stopped = port.stop();
    await clock.advance(500);
    expect(closed).toBe(0);
    arrive();
    await stopped;
    expect(closed).toBe(1);
    expect(port.state).toBe('closed');
  });

  it('begins no second opening while one that it gave up hangs in the driver', async () => {
    const arrivals: (() => void)[] = [];
    let closed = 0;
    const { clock, port, lines } = bench({
      transport: (real) => ({
        ...real,
        open: async (events) => {
          await new Promise<void>((resolve) => arrivals.push(resolve));
          const connection = await real.open(events, never);
          return { ...connection, close: async () => void closed++ };
        },
      }),
    });
    port.start();
    await clock.advance(60_000);
    expect(arrivals).toHaveLength(1);
    expect(lines).toEqual(['warn: Opening /dev/ttyTEST took longer than 10 s (TIMEOUT)']);
    arrivals[0]?.();
    for (let waited = 0; arrivals.length < 2 && waited < 20_000; waited += 100) await clock.advance(100);
    expect(closed).toBe(1);
    expect(arrivals).toHaveLength(2);
    arrivals[1]?.();
    await clock.advance(50);
    expect(port.state).toBe('open');
    await port.stop();
    expect(closed).toBe(2);
    expect(clock.pending).toBe(0);
  });

  it('opens again after a second and a half though the closing before hangs', async () => {
    const attempts: number[] = [];
    const parts = bench({
      settleMs: 0,
      transport: (real) => ({
        ...real,
        open: async (events, signal) => {
          attempts.push(parts.clock.monotonic());
          return { ...(await real.open(events, signal)), close: () => new Promise<void>(() => {}) };
        },
      }),
    });
    parts.port.start();
    await parts.clock.advance(100);
    parts.port.reopen(new Error('dead'));
    await parts.clock.advance(2_000);
    expect(attempts).toEqual([0, 1_600]);
    expect(parts.port.state).toBe('open');
    expect(parts.lines.at(-1)).toContain('did not close cleanly');
    const stopped = parts.port.stop();
    await parts.clock.advance(2_000);
    await stopped;
    expect(parts.clock.pending).toBe(0);
  });

  it('rejects a write and a flush that hang in the driver as soon as the connection is over', async () => {
    const hangs = new Promise<never>(() => {});
    const { clock, memory, port } = bench({
      settleMs: 0,
      transport: (real) => {
        let flushes = 0;
        return {
          ...real,
          open: async (events, signal) => ({
            ...(await real.open(events, signal)),
            write: () => hangs,
            flush: () => (flushes++ === 0 ? Promise.resolve() : hangs),
          }),
        };
      },
    });
    port.start();
    await clock.advance(0);
    const [writing, flushing] = [port.write(Buffer.from('a')), port.flush()];
    memory.unplug();
    await expect(writing).rejects.toBeInstanceOf(ConditionLost);
    await expect(flushing).rejects.toBeInstanceOf(ConditionLost);
    expect(port.counters).toMatchObject({ losses: 1, flushes: 1 });
    await port.stop();
    expect(clock.pending).toBe(0);
  });

  it('gives each waiter an error whose stack shows who waited', async () => {
    const { clock, memory, port } = bench({
      settleMs: 0,
      transport: (real) => ({
        ...real,
        open: async (events, signal) => ({
          ...(await real.open(events, signal)),
          write: () => new Promise<never>(() => {}),
        }),
      }),
    });
    async function theWaitingTask(): Promise<void> {
      await port.opened(never);
    }
    async function theWritingTask(): Promise<void> {
      await port.write(Buffer.from('a'));
    }
    const stackOf = (promise: Promise<void>): Promise<string> =>
      promise.then(
        () => 'settled well',
        (error: Error) => error.stack ?? '',
      );
    port.start();
    await clock.advance(0);
    const writing = stackOf(theWritingTask());
    memory.unplug();
    expect(await writing).toContain('theWritingTask');
    const waiting = stackOf(theWaitingTask());
    await port.stop();
    expect(await waiting).toContain('theWaitingTask');
  });

  it('is opened at once, a hundred times in a row, where its transport says that something else is there', async () => {
    const { clock, memory, port } = bench({
      transport: (real) => ({
        ...real,
        watch: (appeared) => {
          queueMicrotask(appeared);
          return () => {};
        },
      }),
    });
    port.start();
    await clock.advance(50);
    for (let round = 1; round <= 100; round++) {
      memory.unplug();
      memory.plug();
      await clock.advance(50);
      expect([port.state, port.counters.opens]).toEqual(['open', round + 1]);
    }
    await port.stop();
  });

  it('is tried less and less often where it opens and breaks again and again, and nothing is new', async () => {
    const { clock, memory, port } = bench({ transport: (real) => ({ ...real, watch: () => () => {} }) });
    port.start();
    port.onOpen(() => {
      memory.unplug();
      memory.plug();
    });
    await clock.advance(60_000);
    expect(port.counters.opens).toBeGreaterThan(5);
    expect(port.counters.opens).toBeLessThan(12);
    await port.stop();
  });

  it('begins anew with the shortest delay after it held for ten seconds', async () => {
    const attempts: number[] = [];
    const parts = bench({ transport: counted(() => parts.clock, attempts) });
    parts.memory.unplug(absent());
    parts.port.start();
    await parts.clock.advance(60_000);
    parts.memory.plug();
    await parts.clock.advance(10_000);
    expect(parts.port.state).toBe('open');
    await parts.clock.advance(10_050);
    parts.memory.unplug();
    const lostAt = parts.clock.monotonic();
    await parts.clock.advance(500);
    expect(attempts.at(-1)).toBe(lostAt + 500);
    await parts.port.stop();
  });

  it('writes nothing about a port that is opened anew since it gives no answers: its task tells that', async () => {
    const { clock, port, lines } = bench();
    port.start();
    await clock.advance(50);
    for (let round = 0; round < 5; round++) {
      port.reopen(new LabwireError('REPLY_TIMEOUT', 'no answer'));
      await clock.advance(60_000);
    }
    expect(port.counters).toMatchObject({ opens: 6, reopens: 5, losses: 0 });
    expect(lines).toEqual([]);
  });

  it('lets whoever is told of a change end, restart or reopen it', async () => {
    const { clock, port, states } = bench({ settleMs: 0 });
    let told = 0;
    port.onOpen(() => {
      told++;
      if (told === 1) port.reopen(new Error('at once'));
      if (told === 2) {
        void port.stop();
        port.start();
      }
    });
    port.start();
    await clock.advance(10);
    expect(told).toBe(3);
    expect(port.counters).toMatchObject({ opens: 3, reopens: 1 });
    expect(states.at(-1)).toBe('open');
    port.onChange((state) => {
      if (state === 'waiting') void port.stop();
    });
    await port.stop();
    expect(clock.pending).toBe(0);
  });

  it('takes a loss within the settle time for a failed opening', async () => {
    const { clock, memory, port, states } = bench();
    port.start();
    await clock.advance(20);
    memory.unplug();
    await clock.advance(100);
    expect(states).toEqual(['opening', 'settling', 'waiting']);
    expect(port.counters).toMatchObject({ opens: 0, losses: 0 });
  });

  it('can be started again after a stop, and gives its transport up in between', async () => {
    let disposed = 0;
    const { clock, port } = bench({ transport: (real) => ({ ...real, dispose: async () => void disposed++ }) });
    port.start();
    await clock.advance(50);
    const stopped = port.stop();
    port.start();
    await stopped;
    await clock.advance(50);
    expect(port.state).toBe('open');
    expect(disposed).toBe(1);
    await port.stop();
    expect(disposed).toBe(2);
  });
});
