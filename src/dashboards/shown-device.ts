import type { DeviceDescription } from '../instrument/index.ts';

/** What a dashboard needs to know of a device. */
export interface ShownDevice {
  readonly description: DeviceDescription;
  /** Longest time that an instrument which talks by itself is silent, s. */
  readonly silence?: number | undefined;
}

const LEAST_GAP_S = 3;
const POLLS = 2.5;
/** Of a talker of which nothing is known. */
const DEFAULT_SILENCE_S = 10;

/** A time without a value that is a gap, ms: two polls in a row brought none, or a talker is silent for longer than it may be. */
export function gapMs(devices: readonly ShownDevice[]): number {
  const gaps = devices.map(({ description: { interval }, silence = DEFAULT_SILENCE_S }) =>
    Math.max(LEAST_GAP_S, interval === undefined ? silence : POLLS * interval),
  );
  return Math.round(1000 * Math.max(...gaps));
}

/** Below this steps are empty: the shortest time between two samples, as Grafana writes it. */
export function leastStep(devices: readonly ShownDevice[]): string {
  const shortest = Math.min(...devices.map(({ description: { interval = 1 } }) => interval));
  return shortest >= 1 ? `${Math.round(shortest)}s` : `${Math.max(1, Math.round(shortest * 1000))}ms`;
}
