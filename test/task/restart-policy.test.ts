import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decide,
  freshStart,
  type RestartDecision,
  type RestartState,
  restartDelay,
  unreachableLimit,
} from '../../src/task/restart-policy.ts';

const defaults = {
  restartOnException: true,
  restartSec: 1,
  restartSteps: 0,
  restartMaxDelaySec: 1,
  restartRandomizedDelaySec: 0,
  startLimitIntervalSec: undefined as number | undefined,
  startLimitBurst: 3,
};
type Options = typeof defaults;
const options = (given: Partial<Options>): Options => ({
  ...defaults,
  restartMaxDelaySec: given.restartSec ?? defaults.restartSec,
  ...given,
});

/** Runs that fail after `runMs` each, without health, until the policy gives up or `most` runs were made. */
function failAgainAndAgain(given: Options, most: number, runMs = 0): { began: number[]; last: RestartDecision } {
  const began: number[] = [];
  let state: RestartState = freshStart;
  let now = 0;
  for (;;) {
    began.push(now);
    now += runMs;
    const failed = decide(state, { kind: 'failed', at: now, healthySince: undefined, random: 0 }, given);
    state = failed.state;
    if (failed.decision.action !== 'wait' || began.length === most) return { began, last: failed.decision };
    now += failed.decision.delaySec * 1000;
    state = decide(state, { kind: 'restarted', at: now }, given).state;
  }
}

describe('the start limit', () => {
  it('T13 lets burst + 1 runs happen for burst 0, 1, 2, 3', () => {
    for (const burst of [0, 1, 2, 3]) {
      const { began, last } = failAgainAndAgain(
        options({ restartSec: 0, startLimitIntervalSec: 1, startLimitBurst: burst }),
        50,
      );
      expect(began).toHaveLength(burst + 1);
      expect(last).toEqual({ action: 'give-up', reason: 'start-limit' });
    }
  });

  it('T26 ends delay 2, interval 10, burst 5 with the sixth run at 10 s', () => {
    const { began, last } = failAgainAndAgain(
      options({ restartSec: 2, startLimitIntervalSec: 10, startLimitBurst: 5 }),
      50,
    );
    expect(began).toEqual([0, 2000, 4000, 6000, 8000, 10000]);
    expect(last).toEqual({ action: 'give-up', reason: 'start-limit' });
  });

  it('T26 trips after 4 runs with delay 0.1, burst 3, interval 0.21, and never with 0.2', () => {
    const tripping = options({ restartSec: 0.1, startLimitBurst: 3, startLimitIntervalSec: 0.21 });
    expect(failAgainAndAgain(tripping, 50).began).toHaveLength(4);
    expect(unreachableLimit('Task a', tripping)).toBeUndefined();
    const endless = options({ restartSec: 0.1, startLimitBurst: 3, startLimitIntervalSec: 0.2 });
    expect(failAgainAndAgain(endless, 50).began).toHaveLength(50);
    expect(unreachableLimit('Task a', endless)).toContain('add up to 0.2 s, and startLimitIntervalSec is 0.2 s');
  });

  it('counts a restart from when its run began, and no longer once it lies exactly the interval back', () => {
    const given = options({ restartSec: 0, startLimitIntervalSec: 1, startLimitBurst: 1 });
    const { state } = decide(freshStart, { kind: 'restarted', at: 500 }, given);
    const failAt = (at: number) => decide(state, { kind: 'failed', at, healthySince: undefined, random: 0 }, given);
    expect(failAt(1499).decision.action).toBe('give-up');
    expect(failAt(1500).decision.action).toBe('wait');
  });

  it('forgets restarts that have left the window, so that nothing grows', () => {
    const given = options({ restartSec: 1, startLimitIntervalSec: 2.5, startLimitBurst: 1000 });
    let state = freshStart;
    for (let at = 0; at < 100_000; at += 1000) state = decide(state, { kind: 'restarted', at }, given).state;
    expect(state.restarts.length).toBeLessThanOrEqual(3);
    const unlimited = options({});
    state = freshStart;
    for (let at = 0; at < 100_000; at += 1000) state = decide(state, { kind: 'restarted', at }, unlimited).state;
    expect(state.restarts.length).toBeLessThanOrEqual(1);
  });

  it('is warned of exactly when no row of immediate failures can ever reach it', () => {
    const steps = fc.record({
      restartSec: fc.integer({ min: 1, max: 50 }),
      restartSteps: fc.integer({ min: 0, max: 4 }),
      factor: fc.integer({ min: 1, max: 8 }),
      startLimitIntervalSec: fc.integer({ min: 1, max: 400 }),
      startLimitBurst: fc.integer({ min: 0, max: 8 }),
    });
    fc.assert(
      fc.property(steps, ({ restartSec, restartSteps, factor, startLimitIntervalSec, startLimitBurst }) => {
        const given = options({
          restartSec,
          restartSteps,
          restartMaxDelaySec: restartSteps === 0 ? restartSec : restartSec * factor,
          // Off the grid of the delays' sums, where the last bit of a double would decide.
          startLimitIntervalSec: startLimitIntervalSec + 0.371,
          startLimitBurst,
        });
        const endless = failAgainAndAgain(given, 200).began.length === 200;
        expect(unreachableLimit('Task a', given) !== undefined).toBe(endless);
      }),
    );
  });
});

describe('the delay', () => {
  const growing = options({ restartSec: 1, restartSteps: 4, restartMaxDelaySec: 16 });
  const fail = (state: RestartState, healthyMs: number | undefined, random = 0, given: Options = growing) =>
    decide(
      state,
      { kind: 'failed', at: 1e6, healthySince: healthyMs === undefined ? undefined : 1e6 - healthyMs, random },
      given,
    );

  it('T23 grows from restartSec to restartMaxDelaySec in restartSteps steps and stays there', () => {
    const delays = [1, 2, 3, 4, 5, 6, 100].map((k) => restartDelay(k, growing));
    expect(delays).toEqual([1, 2, 4, 8, 16, 16, 16]);
    let state = freshStart;
    const seen: unknown[] = [];
    for (let k = 1; k <= 6; k++) {
      const failed = fail(state, undefined);
      state = failed.state;
      seen.push(failed.decision);
    }
    expect(seen).toEqual([1, 2, 4, 8, 16, 16].map((delaySec) => ({ action: 'wait', delaySec })));
  });

  it('T23 falls back to restartSec after a run that stayed healthy for longer than restartMaxDelaySec', () => {
    expect(fail({ failures: 5, restarts: [] }, 16_001).decision).toEqual({ action: 'wait', delaySec: 1 });
    expect(fail({ failures: 5, restarts: [] }, 16_000).decision).toEqual({ action: 'wait', delaySec: 16 });
    expect(fail({ failures: 2, restarts: [] }, 16_000).decision).toEqual({ action: 'wait', delaySec: 4 });
  });

  it('is always restartSec without steps, plus the random part', () => {
    const given = options({ restartSec: 3, restartRandomizedDelaySec: 2 });
    expect(fail({ failures: 9, restarts: [] }, undefined, 0, given).decision).toEqual({ action: 'wait', delaySec: 3 });
    expect(fail({ failures: 9, restarts: [] }, undefined, 0.5, given).decision).toEqual({
      action: 'wait',
      delaySec: 4,
    });
  });

  it('is not moved by a lost condition, but by the health before it', () => {
    const lose = (healthyMs: number) =>
      decide(
        { failures: 3, restarts: [] },
        { kind: 'condition-lost', at: 1e6, healthySince: 1e6 - healthyMs },
        growing,
      );
    expect(lose(10)).toEqual({ state: { failures: 3, restarts: [] }, decision: { action: 'run' } });
    expect(lose(16_001).state.failures).toBe(0);
  });
});

it('gives up at the first failure when restartOnException is false', () => {
  expect(failAgainAndAgain(options({ restartOnException: false }), 50)).toEqual({
    began: [0],
    last: { action: 'give-up', reason: 'restart-off' },
  });
});
