import { geometricDelay } from '../base/index.ts';
import type { ResolvedTaskOptions } from './options.ts';

/** What the policy remembers between runs. Times are monotonic milliseconds. */
export interface RestartState {
  /** Consecutive failures: the k of the delay. */
  readonly failures: number;
  /** When the runs that were restarts began, oldest first; only those that can still count. */
  readonly restarts: readonly number[];
}

/** After a manual start: no failure, empty window. */
export const freshStart: RestartState = { failures: 0, restarts: [] };

export type RunEvent =
  /** A restart was granted, and its run begins. */
  | { readonly kind: 'restarted'; readonly at: number }
  /**
   * A run failed. `healthySince`: its first tick, or the start of its body if it did not tick, or undefined if the body
   * was never entered. `random` is in [0, 1).
   */
  | { readonly kind: 'failed'; readonly at: number; readonly healthySince: number | undefined; readonly random: number }
  /** What the run had waited for is gone: no failure. */
  | { readonly kind: 'condition-lost'; readonly at: number; readonly healthySince: number | undefined };

export type RestartDecision =
  | { readonly action: 'run' }
  | { readonly action: 'wait'; readonly delaySec: number }
  | { readonly action: 'give-up'; readonly reason: 'restart-off' | 'start-limit' };

type PolicyOptions = Pick<
  ResolvedTaskOptions,
  | 'restartOnException'
  | 'restartSec'
  | 'restartSteps'
  | 'restartMaxDelaySec'
  | 'restartRandomizedDelaySec'
  | 'startLimitIntervalSec'
  | 'startLimitBurst'
>;

/** What follows from the end or the beginning of a run. Pure: the same arguments give the same answer. */
export function decide(
  state: RestartState,
  event: RunEvent,
  options: PolicyOptions,
): { readonly state: RestartState; readonly decision: RestartDecision } {
  const restarts = inWindow(state.restarts, event.at, options);
  switch (event.kind) {
    case 'restarted':
      return { state: { ...state, restarts: [...restarts, event.at] }, decision: { action: 'run' } };
    case 'condition-lost':
      return { state: { failures: failuresBefore(state, event, options), restarts }, decision: { action: 'run' } };
    case 'failed': {
      const failures = failuresBefore(state, event, options) + 1;
      const after = { failures, restarts };
      if (!options.restartOnException) return { state: after, decision: { action: 'give-up', reason: 'restart-off' } };
      if (options.startLimitIntervalSec !== undefined && restarts.length >= options.startLimitBurst) {
        return { state: after, decision: { action: 'give-up', reason: 'start-limit' } };
      }
      const delaySec = restartDelay(failures, options) + event.random * options.restartRandomizedDelaySec;
      return { state: after, decision: { action: 'wait', delaySec } };
    }
  }
}

/** Seconds before the restart after the k-th consecutive failure, without the random part. */
export function restartDelay(k: number, options: PolicyOptions): number {
  return geometricDelay(k, options.restartSec, options.restartMaxDelaySec, options.restartSteps);
}

/** The window is half-open: a restart that lies exactly `startLimitIntervalSec` back no longer counts. */
function inWindow(restarts: readonly number[], at: number, options: PolicyOptions): readonly number[] {
  const interval = options.startLimitIntervalSec;
  if (interval === undefined) return [];
  return restarts.filter((began) => at - began < interval * 1000);
}

function failuresBefore(
  state: RestartState,
  run: { readonly at: number; readonly healthySince: number | undefined },
  options: PolicyOptions,
): number {
  const healthyMs = run.healthySince === undefined ? 0 : run.at - run.healthySince;
  return healthyMs > options.restartMaxDelaySec * 1000 ? 0 : state.failures;
}

/**
 * The warning about a start limit that can never be reached: the delays before the restarts 2 … burst alone fill the
 * interval, so that fewer than `startLimitBurst` restarts ever lie within it.
 */
export function unreachableLimit(task: string, options: PolicyOptions): string | undefined {
  const { startLimitIntervalSec: interval, startLimitBurst: burst } = options;
  if (interval === undefined || burst === 0) return undefined;
  let sum = 0;
  // Beyond the steps every delay is the same, so that a huge burst needs no huge loop.
  const grown = Math.min(burst, options.restartSteps + 1);
  for (let k = 2; k <= grown; k++) sum += restartDelay(k, options);
  sum += (burst - Math.max(grown, 1)) * options.restartMaxDelaySec;
  // Decimal fractions do not add up exactly: 0.7 + 0.1 + … must not miss its sum by the last bit.
  if (sum < interval * (1 - 1e-9)) return undefined;
  return (
    `${task}: the start limit can never be reached: the delays before restarts 2 to ${burst} add up to ` +
    `${Number(sum.toPrecision(12))} s, and startLimitIntervalSec is ${interval} s (startLimitBurst ${burst}); ` +
    'raise the interval, or lower the burst or the delays'
  );
}
