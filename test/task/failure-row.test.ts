import { describe, expect, it } from 'vitest';
import { type TaskContext, taskControl } from '../../src/task/index.ts';
import { onBench } from './bench.ts';

/** A task whose instrument can be switched off and on; each poll takes 0.5 s and fails when it is off. */
function polling(options = {}) {
  const instrument = { on: false };
  const bench = onBench({ restartSec: 1, ...options }, async ({ every, sleep }: TaskContext) => {
    for await (const _ of every(1)) {
      await sleep(0.5);
      if (!instrument.on) throw new Error('no answer');
    }
  });
  bench.task.start();
  const told = () => bench.lines('info', 'warn', 'error');
  const codes = () => bench.events.map((event) => event.code);
  return { ...bench, instrument, told, codes };
}

describe('a row of failures', () => {
  it('of a weekend writes two lines: the first failure and the recovery', async () => {
    const { clock, instrument, told, codes, task, events } = polling();
    await clock.advance(48 * 3600 * 10);
    expect(task.restarts).toBeGreaterThan(1000);
    instrument.on = true;
    await clock.advance(60_000);
    expect(told()).toEqual([
      'failed: no answer; the next run begins in 1 s',
      'works again after 29 min and 1152 failures',
    ]);
    expect(codes()).toEqual(['TASK_FAILURE', 'TASK_RECOVERED']);
    expect(events[1]).toEqual({
      severity: 'info',
      code: 'TASK_RECOVERED',
      title: 'Task bench.work works again',
      text: 'It works again after 29 min and 1152 failures, the last of them: no answer',
    });
  });

  it.each([
    [0.01, '10 s'],
    [100, '110 s'],
    [170, '3 min'],
    [7200, '2 h'],
    [200_000, '2.3 d'],
  ])('says how long an outage of one failure and %d s lasted: %s', async (restartSec, words) => {
    let runs = 0;
    const { task, clock, lines } = onBench({ restartSec, restartMaxDelaySec: restartSec }, async ({ every }) => {
      for await (const _ of every(10)) if (++runs === 1) throw new Error('no answer');
    });
    task.start();
    await clock.advance(restartSec * 1000 + 15_000);
    expect(lines('info')).toEqual([`works again after ${words} and 1 failure`]);
  });

  it('has recovered with the second tick of a run, not with the first', async () => {
    const { clock, instrument, told } = polling();
    await clock.advance(600);
    instrument.on = true;
    await clock.advance(900 + 900);
    expect(told()).toHaveLength(1);
    await clock.advance(200);
    expect(told()).toHaveLength(2);
  });

  it('begins anew after a recovery', async () => {
    const { clock, instrument, codes } = polling();
    for (const on of [true, false, true]) {
      await clock.advance(10_000);
      instrument.on = on;
    }
    await clock.advance(10_000);
    expect(codes()).toEqual(['TASK_FAILURE', 'TASK_RECOVERED', 'TASK_FAILURE', 'TASK_RECOVERED']);
  });

  it('has recovered with a recorded sample, told from outside', async () => {
    let runs = 0;
    const { task, control, clock, lines } = onBench({}, async ({ sleep }) => {
      if (++runs === 1) throw new Error('no answer');
      await sleep(1e6);
    });
    task.start();
    await clock.advance(1500);
    expect(lines('info')).toEqual([]);
    control.progress();
    control.progress();
    expect(lines('info')).toEqual(['works again after 1.5 s and 1 failure']);
  });

  it('has recovered with a clean return', async () => {
    let runs = 0;
    const { task, clock, lines } = onBench({}, async () => {
      if (++runs === 1) throw new Error('no answer');
    });
    task.start();
    await clock.advance(1500);
    expect(lines('info')).toEqual(['works again after 1 s and 1 failure']);
  });

  it('is one row for a body without ticks or waits that fails late, at the time limit of a connect', async () => {
    const { task, clock, lines } = onBench({ restartSec: 1 }, async () => {
      await new Promise((_, reject) => clock.setTimer(() => reject(new Error('no connection')), 15_000));
    });
    task.start();
    await clock.advance(3_600_000);
    expect(task.restarts).toBeGreaterThan(200);
    expect(lines('warn', 'info')).toHaveLength(1);
  });

  it('has recovered when a body without ticks stayed healthy for restartMaxDelaySec', async () => {
    let runs = 0;
    const { task, clock, lines } = onBench({ restartSec: 20 }, async ({ sleep }) => {
      if (++runs === 1) throw new Error('no answer');
      await sleep(1e6);
    });
    task.start();
    await clock.advance(20_000 + 19_999);
    expect(lines('info')).toEqual([]);
    await clock.advance(1);
    expect(lines('info')).toEqual(['works again after 40 s and 1 failure']);
  });

  it('has not recovered while the first poll still waits for its answer', async () => {
    const { task, clock, lines } = onBench({ restartSec: 1 }, async ({ every }) => {
      for await (const _ of every(60)) {
        await new Promise<void>((resolve) => clock.setTimer(resolve, 15_000));
        throw new Error('no answer');
      }
    });
    task.start();
    await clock.advance(1_000_000);
    expect(task.restarts).toBeGreaterThan(50);
    expect(lines('info', 'warn', 'error')).toHaveLength(1);
  });

  it('goes on while a body whose progress is told listens in vain for minutes, and ends with the first word', async () => {
    const { task, clock, lines } = onBench({ restartSec: 1 }, async () => {
      await new Promise<void>((resolve) => clock.setTimer(resolve, 600_000));
      throw new Error('it says nothing');
    });
    taskControl(task).provenByProgress();
    task.start();
    await clock.advance(48 * 3_600_000);
    expect(task.restarts).toBeGreaterThan(200);
    expect(lines('info', 'warn', 'error')).toHaveLength(1);
    taskControl(task).progress();
    expect(lines('info')).toEqual([expect.stringContaining('works again after 48 h')]);
  });

  it('with a long period has recovered when the first poll was done and health lasted', async () => {
    let runs = 0;
    const { task, clock, lines } = onBench({ restartSec: 1 }, async ({ every }) => {
      for await (const _ of every(3600)) if (++runs === 1) throw new Error('no answer');
    });
    task.start();
    await clock.advance(1000 + 10_000);
    expect(lines('info')).toEqual(['works again after 11 s and 1 failure']);
  });

  it('ends with an error when the task gives up, and a manual start begins a new one', async () => {
    const { task, clock, codes, told } = polling({ startLimitIntervalSec: 60, startLimitBurst: 1 });
    await clock.advance(60_000);
    expect(told()).toHaveLength(2);
    task.start();
    await clock.advance(600);
    expect(codes()).toEqual(['TASK_FAILURE', 'TASK_FAILURE', 'TASK_FAILURE']);
  });

  it('gives its lines the path of the task and the error', async () => {
    const { clock, log } = polling();
    await clock.advance(600);
    expect(log.lines[0]?.details).toMatchObject({ task: 'bench.work', err: { message: 'no answer' } });
  });
});
