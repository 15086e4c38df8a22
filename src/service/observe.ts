import { type Logger, toError } from '../base/index.ts';
import { type Change, ChangeQueue } from './change-queue.ts';
import type { DataService } from './data-service.ts';
import { TreeWatch } from './tree-watch.ts';

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

/**
 * Tells every change below a service, in order, once, by access path, after the writer's own code has gone on. Services
 * that come later are observed too. A listener that returns a promise gets its next change when that has settled; one
 * that throws is reported, once for each row of throws, and goes on to get changes.
 */
export function observe(
  service: DataService,
  listener: (change: Change) => unknown,
  options: ObserveOptions = {},
): Observation {
  const queue = new ChangeQueue(listener, (thrown) => report(toError(thrown), options.log));
  const watch = new TreeWatch(service, {
    changed: (_, path, attribute, value) =>
      queue.push({ path: attribute === '' ? path : `${path}.${attribute}`, value }),
    restructured: (branch, path) => queue.push({ path, value: branch }),
  });
  watch.start();
  const end = (): void => {
    watch.stop();
    queue.end();
  };
  return Object.defineProperty(end, 'coalesced', { get: () => queue.coalesced }) as Observation;
}

function report(error: Error, log: Logger | undefined): void {
  if (log) log.error({ err: error }, `an observer threw: ${error.message}`);
  else process.emitWarning(error);
}
