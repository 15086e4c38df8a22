import { LabwireError, type Logger } from '../base/index.ts';
import type { DataService } from './data-service.ts';

/** One change below a service. When children of a service or collection came or went, `value` is that holder. */
export interface Change {
  /** Access path from the observed service, e.g. `detectors["a"].gain`. */
  readonly path: string;
  readonly value: unknown;
}

export interface Observation {
  /** Ends it at once. */
  (): void;
  /** Changes that a slow listener was spared, since a newer value of the same path was waiting. */
  readonly coalesced: number;
}

export interface ObserveOptions {
  /** Where a listener that throws is reported; default a warning of the process. */
  readonly log?: Logger;
}

/** Tells every change below a service, in order, once, after the writer's own code has gone on. */
export function observe(
  _service: DataService,
  _listener: (change: Change) => unknown,
  _options: ObserveOptions = {},
): Observation {
  throw new LabwireError('INTERNAL', 'not yet');
}
