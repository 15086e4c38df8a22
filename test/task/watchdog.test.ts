import { describe, expect, it } from 'vitest';
import { byHand, never, onBench } from './bench.ts';

describe('T22 the watchdog', () => {
  it('aborts a stuck body, which restarts when it has ended', async () => {
    let runs = 0;
    const bench = onBench({ watchdogSec: 3, restartSec: 1 }, async ({ signal }) => {
      runs++;
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    bench.task.start();
    await bench.clock.advance(2999);
    expect([bench.task.state, runs]).toEqual(['active', 1]);
    await bench.clock.advance(1);
    expect([bench.task.state, bench.task.result]).toEqual(['auto-restart', 'watchdog']);
    expect(bench.task.lastError?.message).toContain('Task bench.work worked for 3 s');
    expect(bench.events).toEqual([expect.objectContaining({ severity: 'warning', code: 'TASK_WATCHDOG' })]);
    await bench.clock.advance(1000);
    expect([bench.task.state, runs, bench.task.restarts]).toEqual(['active', 2, 1]);
  });

  it('notices a body that held the whole process for too long', async () => {
    const { task, clock } = onBench({ watchdogSec: 3, restartOnException: false }, async ({ sleep }) => {
      clock.block(3001);
      await sleep(1);
    });
    task.start();
    await clock.advance(1);
    expect([task.state, task.result]).toEqual(['failed', 'watchdog']);
  });

  it('does not count the time in every, sleep, or startPre', async () => {
    let ticks = 0;
    const { task, clock } = onBench(
      { watchdogSec: 3, startPre: ({ sleep }) => sleep(100) },
      async ({ every, sleep }) => {
        for await (const _ of every(1000)) {
          ticks++;
          await sleep(50);
        }
      },
    );
    task.start();
    await clock.advance(3_500_000);
    expect([task.state, task.restarts, ticks]).toEqual(['active', 0, 4]);
  });

  it('counts the work between two waits, and notify() begins it anew', async () => {
    const work = byHand();
    const bench = onBench({ watchdogSec: 3 }, async ({ every, notify }) => {
      for await (const _ of every(10)) {
        notify();
        await work.promise;
      }
    });
    bench.task.start();
    await bench.clock.advance(2000);
    bench.control.progress();
    await bench.clock.advance(2000);
    bench.control.progress();
    await bench.clock.advance(2999);
    expect(bench.task.state).toBe('active');
    await bench.clock.advance(1);
    expect([bench.task.state, bench.task.status]).toEqual(['deactivating', 'RUNNING']);
    work.resolve();
    await bench.clock.advance(0);
    expect([bench.task.state, bench.task.result]).toEqual(['auto-restart', 'watchdog']);
  });

  it('bites a body that gets stuck after many healthy rounds', async () => {
    let rounds = 0;
    const { task, clock } = onBench({ watchdogSec: 3, restartSec: 1000 }, async ({ every }) => {
      for await (const _ of every(1)) if (++rounds === 100) await never();
    });
    task.start();
    await clock.advance(101_999);
    expect(task.state).toBe('active');
    await clock.advance(1);
    expect(task.state).toBe('deactivating');
  });

  it('bites a late run once, and never the one after it', async () => {
    let runs = 0;
    const { task, clock } = onBench({ watchdogSec: 3, timeoutStopSec: 2, restartSec: 1 }, async ({ every, notify }) => {
      if (++runs === 1) clock.block(3001);
      notify();
      for await (const _ of every(1));
    });
    task.start();
    await clock.advance(1);
    expect([task.state, task.result]).toEqual(['auto-restart', 'watchdog']);
    await clock.advance(100_000);
    expect([task.state, task.restarts, runs]).toEqual(['active', 1, 2]);
    await task.stop();
    expect([task.state, clock.pending]).toEqual(['inactive', 0]);
  });

  it('gives up on a body that does not end after timeoutStopSec', async () => {
    const { task, clock, exits } = onBench({ watchdogSec: 3, timeoutStopSec: 2, exitOnFailure: true }, never);
    task.start();
    await clock.advance(4999);
    expect(task.state).toBe('deactivating');
    await clock.advance(1);
    expect([task.state, task.result]).toEqual(['failed', 'watchdog']);
    expect(exits).toHaveLength(1);
    await clock.advance(100_000);
    expect([task.state, task.restarts, clock.pending]).toEqual(['failed', 0, 0]);
  });

  it('a stop while it winds up is a stop: no restart', async () => {
    const end = byHand();
    const { task, clock } = onBench({ watchdogSec: 3 }, () => end.promise);
    task.start();
    await clock.advance(3000);
    const stopped = task.stop();
    end.resolve();
    await stopped;
    await clock.advance(100_000);
    expect([task.state, task.result, clock.pending]).toEqual(['inactive', 'success', 0]);
  });

  it('does not bite while a stop winds up', async () => {
    const end = byHand();
    const { task, clock } = onBench({ watchdogSec: 1, timeoutStopSec: 60 }, () => end.promise);
    task.start();
    await clock.advance(500);
    const stopped = task.stop();
    await clock.advance(30_000);
    end.resolve();
    await stopped;
    expect([task.state, task.result]).toEqual(['inactive', 'success']);
  });
});
