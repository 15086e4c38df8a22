import type { TaskState } from '../task/index.ts';

export type HealthState = 'disabled' | 'connecting' | 'online' | 'degraded' | 'failed';

/** What the health of a device follows from. */
export interface HealthFacts {
  /** State of the task that reads it; undefined where it has none. */
  readonly acquire: TaskState | undefined;
  /** A sample was recorded in the present run of that task. */
  readonly speaking: boolean;
  /** A frame was rejected within the last minute. */
  readonly rejecting: boolean;
}

/** The health of a device: a pure function, so that no order of happenings can leave it wrong. */
export function healthState({ acquire, speaking, rejecting }: HealthFacts): HealthState {
  switch (acquire) {
    case undefined:
    case 'inactive':
    case 'deactivating':
      return 'disabled';
    case 'failed':
      return 'failed';
    case 'activating':
    case 'auto-restart':
      return 'connecting';
    case 'active':
      if (!speaking) return 'connecting';
      return rejecting ? 'degraded' : 'online';
  }
}

/** The two words of a device's `status`. */
export function deviceStatus(state: HealthState): 'online' | 'offline' {
  return state === 'online' || state === 'degraded' ? 'online' : 'offline';
}
