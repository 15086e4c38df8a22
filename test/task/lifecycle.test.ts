import { describe, expect, it } from 'vitest';
import { ConditionLost, LabwireError } from '../../src/base/index.ts';
import { task, taskControl } from '../../src/task/index.ts';
import { byHand, failing, forever, never, onBench } from './bench.ts';

describe('start and stop', () => {
  it('T1 a task without autostart starts, stops, and tells its state and status', async () => {
    const { task, clock, changes, states, statuses } = onBench({}, forever);
    await clock.advance(10_000);
    expect([task.status, task.state]).toEqual(['NOT_RUNNING', 'inactive']);

    task.start();
    expect([task.status, task.state]).toEqual(['RUNNING', 'active']);
    await clock.advance(10_000);
    expect([task.status, task.state, task.restarts]).toEqual(['RUNNING', 'active', 0]);
    expect(task.activeSince).toBe('2023-11-14T22:13:30.000000Z');

    await task.stop();
    expect([task.status, task.state, task.result]).toEqual(['NOT_RUNNING', 'inactive', 'success']);
    expect(task.activeSince).toBeNull();
    expect(states()).toEqual(['active', 'deactivating', 'inactive']);
    expect(statuses()).toEqual(['RUNNING', 'NOT_RUNNING']);
    expect(changes.filter(([key]) => key === 'activeSince')).toHaveLength(2);
  });

  it('works on its own, without a server or anything bound', async () => {
    const entered = byHand();
    const alone = task({}, async ({ signal }) => {
      entered.resolve();
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    alone.start();
    await entered.promise;
    expect(alone.status).toBe('RUNNING');
    await alone.stop();
    expect(alone.status).toBe('NOT_RUNNING');
  });

  it('does nothing when it is started while it runs', async () => {
    let runs = 0;
    const { task, clock } = onBench({}, async (context) => {
      runs++;
      await forever(context);
    });
    task.start();
    task.start();
    await clock.advance(5000);
    task.start();
    await clock.advance(5000);
    expect(runs).toBe(1);
  });

  it('T12 is inactive with result success when the body returns, and can be started again', async () => {
    let runs = 0;
    const { task, clock, states } = onBench({}, async ({ sleep }) => {
      runs++;
      await sleep(1);
    });
    for (let round = 1; round <= 2; round++) {
      task.start();
      await clock.advance(60_000);
      expect([task.state, task.result, runs]).toEqual(['inactive', 'success', round]);
    }
    expect(states()).toEqual(['active', 'inactive', 'active', 'inactive']);
  });

  it('T19 a start followed at once by a stop ends up stopped, the body never entered', async () => {
    let runs = 0;
    const { task, clock } = onBench({}, async (context) => {
      runs++;
      await forever(context);
    });
    task.start();
    await task.stop();
    expect(task.state).toBe('inactive');
    await clock.advance(10_000);
    expect([task.state, runs]).toEqual(['inactive', 0]);
  });

  it('T19 a stop followed at once by a start ends up running, the start waits for the stop', async () => {
    let inside = 0;
    let most = 0;
    let runs = 0;
    const { task, clock, states } = onBench({}, async ({ every }) => {
      runs++;
      most = Math.max(most, ++inside);
      try {
        for await (const _ of every(1));
      } finally {
        await Promise.resolve();
        inside--;
      }
    });
    task.start();
    await clock.advance(100);
    const stopped = task.stop();
    task.start();
    await stopped;
    await clock.advance(100);
    expect([task.status, task.state, runs, most]).toEqual(['RUNNING', 'active', 2, 1]);
    expect(states()).toEqual(['active', 'deactivating', 'inactive', 'active']);
  });

  it('T19 the last word of many in one tick counts', async () => {
    const { task, clock } = onBench({}, forever);
    task.start();
    await clock.advance(10);
    void task.stop();
    task.start();
    void task.stop();
    await clock.advance(10);
    expect(task.state).toBe('inactive');
    task.start();
    void task.stop();
    task.start();
    await clock.advance(10);
    expect(task.state).toBe('active');
  });

  it('stop is idempotent: all its promises settle with the same end', async () => {
    const end = byHand();
    const { task, clock } = onBench({}, () => end.promise);
    task.start();
    await clock.advance(10);
    let settled = 0;
    const stops = [task.stop(), task.stop(), task.stop()].map((stop) => stop.then(() => settled++));
    await clock.advance(10);
    expect([task.state, settled]).toEqual(['deactivating', 0]);
    end.resolve();
    await Promise.all(stops);
    expect(task.state).toBe('inactive');
    await task.stop();
    expect([task.state, task.result]).toEqual(['inactive', 'success']);
  });

  it('restart runs the body anew and counts from zero', async () => {
    let runs = 0;
    const { task, clock } = onBench({}, async ({ sleep }) => {
      if (++runs === 1) throw new Error('first');
      await sleep(1000);
    });
    task.start();
    await clock.advance(1500);
    expect([runs, task.restarts]).toEqual([2, 1]);
    task.restart();
    await clock.advance(10);
    expect([runs, task.restarts, task.state]).toEqual([3, 0, 'active']);
  });

  it('restart starts what is inactive', async () => {
    const { task, clock } = onBench({}, forever);
    task.restart();
    await clock.advance(10);
    expect(task.state).toBe('active');
  });

  it('a listener that starts the task again sees no change out of order', async () => {
    const { task, control, clock, changes } = onBench({}, async () => {});
    let again = 2;
    control.onChange((key, value) => {
      if (key === 'state' && value === 'inactive' && again-- > 0) task.start();
    });
    task.start();
    await clock.advance(10);
    expect(changes.filter(([key]) => key === 'state' || key === 'status').map(([, value]) => value)).toEqual([
      ...['active', 'RUNNING', 'inactive', 'NOT_RUNNING'],
      ...['active', 'RUNNING', 'inactive', 'NOT_RUNNING'],
      ...['active', 'RUNNING', 'inactive', 'NOT_RUNNING'],
    ]);
  });

  it('a listener that comes after one that starts the task again sees the changes in order', async () => {
    const subject = task({}, forever);
    const control = taskControl(subject);
    let again = true;
    control.onChange((key, value) => {
      if (key !== 'state' || value !== 'inactive' || !again) return;
      again = false;
      subject.start();
    });
    const states: unknown[] = [];
    control.onChange((key, value) => {
      if (key === 'state') states.push(value);
    });
    subject.start();
    await subject.stop();
    expect(states).toEqual(['active', 'deactivating', 'inactive', 'active']);
    await subject.stop();
  });
});

describe('failures and restarts', () => {
  it('are shown without the secrets of an address', async () => {
    const { task, clock } = onBench({ restartSec: 1 }, async () => {
      throw new Error('mqtt://anna:pw@host is away');
    });
    task.start();
    await clock.advance(10);
    expect(task.lastError?.message).toBe('mqtt://***@host is away');
  });

  it('T6 an always-throwing body restarts, each failure is seen in restarts, and one event is told', async () => {
    const { task, clock, changes, events, lines } = onBench({ restartSec: 1 }, failing);
    task.start();
    await clock.advance(60_500);
    expect(task.restarts).toBe(61);
    expect(changes.filter(([key]) => key === 'restarts').map(([, value]) => value)).toEqual(
      Array.from({ length: 61 }, (_, index) => index + 1),
    );
    expect(changes.filter(([key]) => key === 'lastError')).toHaveLength(61);
    expect(task.lastError).toEqual({
      message: 'no answer',
      name: 'Error',
      code: null,
      time: '2023-11-14T22:14:20.000000Z',
    });
    expect(events).toEqual([
      expect.objectContaining({
        severity: 'warning',
        code: 'TASK_FAILURE',
        text: expect.stringContaining('no answer'),
      }),
    ]);
    expect(lines('info', 'warn', 'error')).toHaveLength(1);
    expect(lines('debug')).toHaveLength(60);
    expect([task.status, task.state, task.result]).toEqual(['RUNNING', 'auto-restart', 'exception']);
  });

  it('T7 keeps restartSec: not before, and not after', async () => {
    const began: number[] = [];
    const bench = onBench({ restartSec: 2.5 }, async () => {
      began.push(bench.clock.monotonic());
      throw new Error('no answer');
    });
    bench.task.start();
    await bench.clock.advance(10_000);
    expect(began).toEqual([0, 2500, 5000, 7500, 10_000]);
  });

  it('says until when it waits', async () => {
    const { task, clock } = onBench({ restartSec: 60 }, failing);
    task.start();
    await clock.advance(0);
    expect([task.state, task.nextStartAt]).toEqual(['auto-restart', '2023-11-14T22:14:20.000000Z']);
    await task.stop();
    expect(task.nextStartAt).toBeNull();
  });

  it('waits for longer than any calendar reaches, if it is told to', async () => {
    const { task, clock } = onBench({ restartSec: 1e300 }, failing);
    task.start();
    await clock.advance(0);
    expect([task.state, task.nextStartAt]).toEqual(['auto-restart', '9999-12-31T23:59:59.000000Z']);
    await task.stop();
    expect(task.state).toBe('inactive');
  });

  it('tells the code of an error beside its message', async () => {
    const { task, clock } = onBench({}, async () => {
      throw new LabwireError('REPLY_TIMEOUT', 'no answer');
    });
    task.start();
    await clock.advance(0);
    expect(task.lastError).toMatchObject({ code: 'REPLY_TIMEOUT', message: 'no answer (REPLY_TIMEOUT)' });
    await task.stop();
  });

  it('T8 burst 2, delay 0, interval 1 gives exactly 3 runs, then start-limit-hit', async () => {
    let runs = 0;
    const { task, clock, events, lines } = onBench(
      { restartSec: 0, startLimitBurst: 2, startLimitIntervalSec: 1 },
      async () => {
        runs++;
        throw new Error('no answer');
      },
    );
    task.start();
    await clock.advance(100_000);
    expect([runs, task.state, task.status, task.result]).toEqual([3, 'failed', 'NOT_RUNNING', 'start-limit-hit']);
    expect(task.restarts).toBe(2);
    expect(events.map((event) => event.severity)).toEqual(['warning', 'error']);
    expect(lines('error')).toEqual([expect.stringContaining('2 restarts within 1 s: no answer')]);
  });

  it('T9 delay 0.1, interval 0.1, burst 2 still runs after 0.5 s, and is warned of', async () => {
    let runs = 0;
    const { task, control, clock } = onBench(
      { restartSec: 0.1, startLimitBurst: 2, startLimitIntervalSec: 0.1 },
      async () => {
        runs++;
        throw new Error('no answer');
      },
    );
    task.start();
    await clock.advance(500);
    expect([task.status, runs]).toEqual(['RUNNING', 6]);
    expect(control.warnings()).toHaveLength(1);
  });

  it('T13 burst 0, 1, 2, 3 gives 1, 2, 3, 4 runs', async () => {
    for (const burst of [0, 1, 2, 3]) {
      let runs = 0;
      const { task, clock } = onBench(
        { restartSec: 0, startLimitBurst: burst, startLimitIntervalSec: 10 },
        async () => {
          runs++;
          throw new Error('no answer');
        },
      );
      task.start();
      await clock.advance(1000);
      expect([runs, task.state]).toEqual([burst + 1, 'failed']);
    }
  });

  it('T14 the window rolls: after health longer than the interval the limit trips after exactly B further restarts', async () => {
    let runs = 0;
    const { task, clock } = onBench(
      { restartSec: 0.1, startLimitBurst: 3, startLimitIntervalSec: 10 },
      async ({ sleep }) => {
        if (++runs === 3) await sleep(11);
        throw new Error('no answer');
      },
    );
    task.start();
    await clock.advance(11_000);
    expect([runs, task.state]).toEqual([3, 'active']);
    await clock.advance(10_000);
    expect([runs, task.state, task.result]).toEqual([6, 'failed', 'start-limit-hit']);
  });

  it('T15 a stop during the restart wait ends it at once and keeps the result', async () => {
    let runs = 0;
    const { task, clock } = onBench({ restartSec: 5 }, async () => {
      runs++;
      throw new Error('no answer');
    });
    task.start();
    await clock.advance(1000);
    const stopped = task.stop();
    expect([task.state, task.result]).toEqual(['inactive', 'exception']);
    await stopped;
    await clock.advance(60_000);
    expect([runs, clock.pending]).toEqual([1, 0]);
  });

  it('a start does not shorten the restart wait, a restart does', async () => {
    let runs = 0;
    const { task, clock } = onBench({ restartSec: 5 }, async () => {
      runs++;
      throw new Error('no answer');
    });
    task.start();
    await clock.advance(1000);
    task.start();
    await clock.advance(1000);
    expect([runs, task.state]).toEqual([1, 'auto-restart']);
    task.restart();
    await clock.advance(1000);
    expect([runs, task.state, task.restarts]).toEqual([2, 'auto-restart', 1]);
    await clock.advance(4000);
    expect(runs).toBe(3);
  });

  it('the owner of the condition may end the restart wait, which stays an automatic restart', async () => {
    let runs = 0;
    const { task, control, clock } = onBench(
      { restartSec: 60, startLimitBurst: 1, startLimitIntervalSec: 600 },
      async () => {
        runs++;
        throw new Error('no answer');
      },
    );
    control.endRestartWait();
    expect(task.state).toBe('inactive');
    task.start();
    await clock.advance(1000);
    control.endRestartWait();
    await clock.advance(0);
    expect([runs, task.state, task.result]).toEqual([2, 'failed', 'start-limit-hit']);
    control.endRestartWait();
    await clock.advance(1000);
    expect([runs, task.state]).toEqual([2, 'failed']);
  });

  it('a manual start is never refused, and clears the window and the delay', async () => {
    let runs = 0;
    const { task, clock } = onBench({ restartSec: 0, startLimitBurst: 2, startLimitIntervalSec: 100 }, async () => {
      runs++;
      throw new Error('no answer');
    });
    for (let round = 1; round <= 3; round++) {
      task.start();
      await clock.advance(10);
      expect([runs, task.restarts, task.result]).toEqual([3 * round, 2, 'start-limit-hit']);
    }
  });

  it('without restartOnException the first failure is final', async () => {
    const { task, clock, events, exits } = onBench({ restartOnException: false }, failing);
    task.start();
    await clock.advance(10_000);
    expect([task.state, task.result, task.restarts]).toEqual(['failed', 'exception', 0]);
    expect(task.lastError?.message).toBe('no answer');
    expect(events.at(-1)).toMatchObject({ severity: 'error', code: 'TASK_FAILURE' });
    expect(exits).toEqual([]);
    await task.stop();
    expect([task.state, task.result]).toEqual(['failed', 'exception']);
  });

  it('T10 T11 exitOnFailure tells the host when the task is failed, for either reason', async () => {
    for (const options of [
      { restartOnException: false },
      { restartSec: 0, startLimitBurst: 2, startLimitIntervalSec: 1 },
    ]) {
      const { task, clock, exits } = onBench({ ...options, exitOnFailure: true }, failing);
      task.start();
      await clock.advance(1000);
      expect(exits).toEqual([{ task: 'bench.work', error: expect.objectContaining({ message: 'no answer' }) }]);
    }
  });

  it('T23 the delays grow by steps to their cap, and begin anew after a healthy run', async () => {
    const began: number[] = [];
    const bench = onBench({ restartSec: 1, restartSteps: 2, restartMaxDelaySec: 4 }, async ({ sleep }) => {
      began.push(bench.clock.monotonic() / 1000);
      if (began.length === 6) await sleep(4.5);
      throw new Error('no answer');
    });
    bench.task.start();
    await bench.clock.advance(30_000);
    // 1, 2, 4, 4, 4, then 4.5 s of health, then 1, 2, 4 …
    expect(began.slice(0, 9)).toEqual([0, 1, 3, 7, 11, 15, 20.5, 22.5, 26.5]);
  });

  it('T23 health counts from the first tick, not from the start', async () => {
    const began: number[] = [];
    const bench = onBench({ restartSec: 1, restartSteps: 2, restartMaxDelaySec: 4 }, async ({ sleep, notify }) => {
      began.push(bench.clock.monotonic() / 1000);
      await sleep(10);
      notify();
      throw new Error('no answer');
    });
    bench.task.start();
    await bench.clock.advance(60_000);
    expect(began).toEqual([0, 11, 23, 37, 51]);
  });

  it('adds the random part from its host', async () => {
    const { task, clock } = onBench({ restartSec: 1, restartRandomizedDelaySec: 4 }, failing, () => 0.5);
    task.start();
    await clock.advance(2999);
    expect(task.restarts).toBe(1);
    await clock.advance(1);
    expect(task.restarts).toBe(2);
  });

  it('an AbortError that is not of its own stop is a failure', async () => {
    const { task, clock } = onBench({}, async () => {
      AbortSignal.abort().throwIfAborted();
    });
    task.start();
    await clock.advance(10);
    expect([task.state, task.lastError?.name]).toEqual(['auto-restart', 'AbortError']);
  });

  it.each([[undefined], [null], ['a word'], [5], [Object.create(null)]])('a body may throw %o', async (thrown) => {
    const { task, clock } = onBench({}, async () => {
      throw thrown;
    });
    task.start();
    await clock.advance(10);
    expect(task.state).toBe('auto-restart');
    expect(task.lastError?.message).not.toBe('');
  });

  it('what a failed run left behind ends with it', async () => {
    let ticks = 0;
    const { task, clock } = onBench({ restartSec: 100 }, ({ every, sleep }) => {
      const second = async () => {
        for await (const _ of every(1)) ticks++;
      };
      return Promise.all([
        second(),
        sleep(2.5).then(() => {
          throw new Error('no answer');
        }),
      ]);
    });
    task.start();
    await clock.advance(50_000);
    expect(ticks).toBe(3);
  });
});

describe('winding up', () => {
  it('T16 a throw in finally during a stop is logged, and the task stays stopped', async () => {
    const { task, clock, lines, events } = onBench({ restartSec: 0 }, async ({ every }) => {
      try {
        for await (const _ of every(1));
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: that is the case
        throw new Error('valve stuck');
      }
    });
    task.start();
    await clock.advance(1500);
    await task.stop();
    await clock.advance(60_000);
    expect([task.state, task.result, task.restarts]).toEqual(['inactive', 'success', 0]);
    expect(lines('warn')).toEqual(['threw while it was stopped: valve stuck']);
    expect(events).toEqual([]);
  });

  it('a stop of a body that ends by the abort is not worth a line', async () => {
    const { task, clock, lines } = onBench({}, ({ sleep }) => sleep(1e6));
    task.start();
    await clock.advance(10);
    await task.stop();
    expect(lines('warn', 'error', 'info')).toEqual([]);
  });

  it('T17 a body that ignores the abort is abandoned after timeoutStopSec, and a start waits for its end', async () => {
    const ends = [byHand(), byHand()];
    let runs = 0;
    const { task, clock, lines, states } = onBench({ timeoutStopSec: 3 }, () => (ends[runs++] ?? byHand()).promise);
    task.start();
    await clock.advance(10);
    let settled = false;
    void task.stop().then(() => {
      settled = true;
    });
    await clock.advance(2999);
    expect([task.state, settled]).toEqual(['deactivating', false]);
    await clock.advance(1);
    expect([task.state, task.status, task.result, settled]).toEqual(['failed', 'NOT_RUNNING', 'timeout', true]);
    expect(lines('error')).toEqual([expect.stringContaining('did not end within 3 s')]);
    expect(task.lastError?.message).toContain('TIMEOUT');

    task.start();
    await clock.advance(100_000);
    expect([runs, task.state]).toEqual([1, 'failed']);
    ends[0]?.resolve();
    await clock.advance(0);
    expect([runs, task.state, task.result]).toEqual([2, 'active', 'success']);
    expect(states()).toEqual(['active', 'deactivating', 'failed', 'active']);
  });

  it('a stop withdraws a start that waits for an abandoned body', async () => {
    const end = byHand();
    let runs = 0;
    const { task, clock } = onBench({ timeoutStopSec: 1 }, () => {
      runs++;
      return end.promise;
    });
    task.start();
    await clock.advance(10);
    void task.stop();
    await clock.advance(1000);
    task.start();
    await task.stop();
    end.resolve();
    await clock.advance(10);
    expect([runs, task.state]).toEqual([1, 'failed']);
  });

  it('an abandoned body that rejects later is logged', async () => {
    const end = byHand();
    const { task, clock, lines } = onBench({ timeoutStopSec: 1 }, () => end.promise);
    task.start();
    await clock.advance(10);
    void task.stop();
    await clock.advance(1000);
    end.reject(new Error('too late'));
    await clock.advance(0);
    expect(lines('warn')).toEqual(['threw while it was stopped: too late']);
    expect(task.state).toBe('failed');
  });

  it('a shutdown caps timeoutStopSec, also that of a stop in progress', async () => {
    const { task, control, clock } = onBench({ timeoutStopSec: 60 }, never);
    task.start();
    await clock.advance(10);
    void task.stop();
    await clock.advance(1000);
    let ended: boolean | undefined;
    void control.stopWithin(2).then((all) => {
      ended = all;
    });
    await clock.advance(1999);
    expect(ended).toBeUndefined();
    await clock.advance(1);
    expect([ended, task.state]).toEqual([false, 'failed']);
    expect(await control.stopWithin(2)).toBe(false);
  });

  it('nothing a body does makes a stopped task run', async () => {
    const bench = onBench({ restartSec: 0 }, async ({ signal, sleep, every, notify }) => {
      await sleep(1000).catch(() => {});
      expect(signal.aborted).toBe(true);
      await expect(sleep(1)).rejects.toThrow('ABORTED');
      await expect(every(1)[Symbol.asyncIterator]().next()).rejects.toThrow('ABORTED');
      notify();
      throw new Error('spite');
    });
    bench.task.start();
    await bench.clock.advance(10);
    await bench.task.stop();
    await bench.clock.advance(10_000);
    expect([bench.task.state, bench.clock.pending]).toEqual(['inactive', 0]);
  });
});

describe('startPre', () => {
  it('T25 that waits is activating, and is stopped at once', async () => {
    let bodies = 0;
    const { task, clock, states } = onBench({ startPre: ({ sleep }) => sleep(1e9) }, async () => {
      bodies++;
    });
    task.start();
    expect([task.state, task.status]).toEqual(['activating', 'RUNNING']);
    await clock.advance(1e6);
    expect(task.state).toBe('activating');
    await task.stop();
    expect([task.state, task.result, bodies]).toEqual(['inactive', 'success', 0]);
    expect(states()).toEqual(['activating', 'deactivating', 'inactive']);
    expect(clock.pending).toBe(0);
  });

  it('T25 that throws is a failure of the run', async () => {
    let tries = 0;
    let bodies = 0;
    const bench = onBench(
      {
        restartSec: 1,
        startPre: async () => {
          if (++tries < 3) throw new Error('wrong instrument');
        },
      },
      async ({ sleep }) => {
        bodies++;
        await sleep(1e6);
      },
    );
    bench.task.start();
    await bench.clock.advance(500);
    expect([bench.task.state, bench.task.lastError?.message]).toEqual(['auto-restart', 'wrong instrument']);
    await bench.clock.advance(2000);
    expect([bench.task.state, bench.task.restarts, bodies]).toEqual(['active', 2, 1]);
  });

  it("T25 the owner's waits come before the driver's, and before each run", async () => {
    const order: string[] = [];
    const bench = onBench(
      {
        restartSec: 1,
        startPre: async () => {
          order.push('driver');
        },
      },
      async () => {
        order.push('body');
        throw new Error('no answer');
      },
    );
    bench.control.startPre(async () => {
      order.push('port');
    });
    bench.task.start();
    await bench.clock.advance(1500);
    expect(order).toEqual(['port', 'driver', 'body', 'port', 'driver', 'body']);
    expect(bench.states()).toEqual(['activating', 'active', 'auto-restart', 'activating', 'active', 'auto-restart']);
  });

  it('T25 ConditionLost is no failure, however often', async () => {
    let bodies = 0;
    let open = byHand();
    const bench = onBench(
      { restartSec: 1, startLimitBurst: 1, startLimitIntervalSec: 1e6, startPre: () => open.promise },
      async ({ sleep }) => {
        bodies++;
        await sleep(5);
        open = byHand();
        throw new ConditionLost('The port is gone');
      },
    );
    bench.task.start();
    for (let round = 1; round <= 50; round++) {
      open.resolve();
      await bench.clock.advance(5000);
      expect([bodies, bench.task.state]).toEqual([round, 'activating']);
      await bench.clock.advance(1000);
      expect(bench.task.state).toBe('activating');
    }
    expect([bench.task.restarts, bench.task.lastError, bench.task.result]).toEqual([0, null, 'success']);
    expect(bench.events).toEqual([]);
    expect(bench.lines('info', 'warn', 'error')).toEqual([]);
  });

  it('T25 a condition that is there and lost at once does not keep the process busy', async () => {
    let runs = 0;
    const { task, clock } = onBench({ startPre: async () => {} }, async () => {
      runs++;
      throw new ConditionLost('The port is gone');
    });
    task.start();
    await clock.advance(1000);
    expect(runs).toBeGreaterThan(10);
    expect(runs).toBeLessThan(100);
    await task.stop();
    expect([task.state, clock.pending]).toEqual(['inactive', 0]);
  });

  it('a wait that failed the limit before still counts after a lost condition', async () => {
    let runs = 0;
    const { task, clock } = onBench({ restartSec: 0, startLimitBurst: 2, startLimitIntervalSec: 100 }, async () => {
      if (++runs % 2) throw new ConditionLost('The port is gone');
      throw new Error('no answer');
    });
    task.start();
    await clock.advance(10_000);
    expect([runs, task.restarts, task.state]).toEqual([6, 2, 'failed']);
  });
});

it('T20 a step of the wall clock by an hour changes no wait', async () => {
  for (const step of [3600, -3600]) {
    const began: number[] = [];
    const bench = onBench({ restartSec: 10, timeoutStopSec: 4 }, async ({ sleep }) => {
      began.push(bench.clock.monotonic());
      await sleep(5);
      throw new Error('no answer');
    });
    bench.task.start();
    await bench.clock.advance(2000);
    bench.clock.stepWall(step);
    await bench.clock.advance(6000);
    bench.clock.stepWall(step);
    await bench.clock.advance(30_000);
    expect(began).toEqual([0, 15_000, 30_000]);
  }
});
