import { LabwireError, Listeners, type Segment } from '../base/index.ts';
import { BRANCH, type Branch, type BranchCore } from './branch.ts';
import { type DataService, isService } from './data-service.ts';

class CollectionBranch implements BranchCore {
  readonly kind: 'list' | 'map';
  readonly structure = new Listeners<[]>();
  readonly children: () => Iterable<readonly [Segment, unknown]>;
  readonly child: (segment: Segment) => unknown;

  constructor(
    kind: 'list' | 'map',
    children: () => Iterable<readonly [Segment, unknown]>,
    child: (segment: Segment) => unknown,
  ) {
    this.kind = kind;
    this.children = children;
    this.child = child;
  }
}

/** Services that come and go, in order. The tasks of what comes to a running server are started, of what goes stopped. */
export class ServiceList<T extends DataService> implements Branch, Iterable<T> {
  readonly [BRANCH]: BranchCore = new CollectionBranch(
    'list',
    () => this.#services.map((service, index) => [{ index }, service]),
    (segment) => ('index' in segment ? this.#services[segment.index] : undefined),
  );
  #services: T[] = [];

  constructor(services: Iterable<T>) {
    this.#services = [...services].map(checkService);
  }

  get length(): number {
    return this.#services.length;
  }

  at(index: number): T | undefined {
    return this.#services.at(index);
  }

  /** @throws LabwireError VALUE_INVALID for anything but services */
  add(...services: T[]): void {
    this.#services.push(...services.map(checkService));
    this[BRANCH].structure.tell();
  }

  /** Those behind it move up. False if it is not in the list. */
  remove(service: T): boolean {
    const index = this.#services.indexOf(service);
    if (index < 0) return false;
    this.#services.splice(index, 1);
    this[BRANCH].structure.tell();
    return true;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#services[Symbol.iterator]();
  }
}

/** Services that come and go, by key. */
export class ServiceMap<T extends DataService> implements Branch, Iterable<[string, T]> {
  readonly [BRANCH]: BranchCore = new CollectionBranch(
    'map',
    () => [...this.#services].map(([key, service]) => [{ key }, service]),
    (segment) => ('key' in segment ? this.#services.get(segment.key) : undefined),
  );
  readonly #services = new Map<string, T>();

  constructor(entries: Iterable<readonly [string, T]>) {
    for (const [key, service] of entries) this.#services.set(checkKey(key), checkService(service));
  }

  get size(): number {
    return this.#services.size;
  }

  get(key: string): T | undefined {
    return this.#services.get(key);
  }

  has(key: string): boolean {
    return this.#services.has(key);
  }

  /** @throws LabwireError VALUE_INVALID for anything but a service under a text */
  set(key: string, service: T): void {
    if (this.#services.get(key) === service) return;
    this.#services.set(checkKey(key), checkService(service));
    this[BRANCH].structure.tell();
  }

  delete(key: string): boolean {
    if (!this.#services.delete(key)) return false;
    this[BRANCH].structure.tell();
    return true;
  }

  keys(): Iterable<string> {
    return this.#services.keys();
  }

  values(): Iterable<T> {
    return this.#services.values();
  }

  entries(): Iterable<[string, T]> {
    return this.#services.entries();
  }

  [Symbol.iterator](): Iterator<[string, T]> {
    return this.#services[Symbol.iterator]();
  }
}

/** Declares a list of services. */
export function serviceList<T extends DataService>(services: Iterable<T> = []): ServiceList<T> {
  return new ServiceList(services);
}

/** Declares a map of services. */
export function serviceMap<T extends DataService>(entries: Iterable<readonly [string, T]> = []): ServiceMap<T> {
  return new ServiceMap(entries);
}

function checkService<T extends DataService>(service: T): T {
  if (!isService(service)) throw new LabwireError('VALUE_INVALID', 'A collection of services takes DataServices only');
  return service;
}

function checkKey(key: string): string {
  if (typeof key !== 'string') throw new LabwireError('VALUE_INVALID', 'A map of services has texts as keys');
  return key;
}
