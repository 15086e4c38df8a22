import type { Configuration } from '../config/index.ts';
import type { Journal } from '../journal/index.ts';
import type { LiveCounters } from '../server/index.ts';
import type { Plans } from './composition.ts';
import type { Device } from './device.ts';
import type { Parts } from './device-plan.ts';
import type { LineSet } from './line-set.ts';
import type { SinkSet } from './sink-set.ts';
import type { StateStore } from './state-store.ts';

/** What the server may look at of a gateway. */
export interface ViewedGateway {
  readonly journal: Journal;
  readonly devices: ReadonlyMap<string, Device>;
  readonly lines: LineSet;
  readonly state: StateStore;
  /** Of the file system in which ports are looked for; default the system's. */
  readonly systemRoot: string | undefined;
  /** As they are at each look. */
  readonly sinks: () => SinkSet;
  readonly configuration: () => Configuration;
  readonly plans: () => Plans;
  readonly parts: () => Parts;
  /** Whether it has started, and is not being stopped. */
  readonly running: () => boolean;
  /** Of the server's clients over socket.io. */
  readonly clients: () => LiveCounters | undefined;
}
