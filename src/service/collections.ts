import { LabwireError } from '../base/index.ts';
import { BRANCH, type Branch, type BranchCore } from './branch.ts';
import type { DataService } from './data-service.ts';

/** Services that come and go, in order. */
export interface ServiceList<T extends DataService> extends Branch, Iterable<T> {
  readonly length: number;
  at(index: number): T | undefined;
  add(...services: T[]): void;
  /** False if it is not in the list. */
  remove(service: T): boolean;
}

/** Services that come and go, by key. */
export interface ServiceMap<T extends DataService> extends Branch, Iterable<[string, T]> {
  readonly size: number;
  get(key: string): T | undefined;
  has(key: string): boolean;
  set(key: string, service: T): void;
  delete(key: string): boolean;
  keys(): Iterable<string>;
  values(): Iterable<T>;
  entries(): Iterable<[string, T]>;
}

export type { BranchCore };
export { BRANCH };

export function serviceList<T extends DataService>(_services: Iterable<T> = []): ServiceList<T> {
  throw new LabwireError('INTERNAL', 'not yet');
}

export function serviceMap<T extends DataService>(_entries: Iterable<readonly [string, T]> = []): ServiceMap<T> {
  throw new LabwireError('INTERNAL', 'not yet');
}
