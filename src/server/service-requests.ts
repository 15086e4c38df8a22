import { type Clock, isAbort, isObject, LabwireError, type Logger, show, sleep, toError } from '../base/index.ts';
import type { Actor, Control } from '../service/index.ts';
import { nodeAt, serialise, triggerMethod, updateValue, type WireNode } from '../wire/index.ts';

export interface ServiceRequestsOptions {
  readonly control: Control;
  readonly clock: Clock;
  readonly log: Logger;
}

/** So long a client waits for the end of what it asked for. */
const LONGEST_WAIT_MS = 300_000;
/** Writes and calls of one member, by all clients, that have not ended: where one hangs, the others are still reached. */
const MOST_OF_A_MEMBER = 256;
/** Of all members. */
const MOST_AT_ONCE = 1_024;

/**
 * What clients ask of a service, the same over REST and socket.io: the tree, a value, a write, a call. What they send is
 * taken as it comes, whatever it is.
 *
 * A write or call that has begun goes on to its end: not when its client goes, nor when the client has waited for too
 * long, is an instrument left in the midst of what it does. How it ended is then told in the log. Whoever wants it
 * stopped calls what stops it.
 */
export class ServiceRequests {
  readonly #control: Control;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** How many have not ended, by access path. */
  readonly #underWay = new Map<unknown, number>();
  #running = 0;

  constructor({ control, clock, log }: ServiceRequestsOptions) {
    this.#control = control;
    this.#clock = clock;
    this.#log = log;
  }

  tree(): WireNode {
    return serialise(this.#control.service);
  }

  /** @throws LabwireError MEMBER_UNKNOWN */
  value(path: unknown): WireNode {
    if (typeof path !== 'string')
      throw new LabwireError('MEMBER_UNKNOWN', `access_path must be a text, not ${show(path)}`);
    return nodeAt(this.#control.service, path);
  }

  /**
   * @param request `{ access_path, value: node }`
   * @param gone aborted when nobody waits for the end any more
   */
  update(request: unknown, by: Actor, gone: AbortSignal): Promise<void> {
    const { access_path: path, value } = fields(request, ['access_path', 'value']);
    return this.#carryOut('set', request, by, gone, () => updateValue(this.#control, path, value, by));
  }

  /**
   * Resolves with the result as a node.
   *
   * @param request `{ access_path, args?: list node, kwargs?: dict node }`
   * @param gone aborted when nobody waits for the end any more
   */
  call(request: unknown, by: Actor, gone: AbortSignal): Promise<WireNode> {
    const { access_path: path, args, kwargs } = fields(request, ['access_path'], ['args', 'kwargs']);
    // Python's `None` stands for what was not given.
    return this.#carryOut('call', request, by, gone, () =>
      triggerMethod(this.#control, path, args ?? undefined, kwargs ?? undefined, by),
    );
  }

  /** To be told of a write that is not carried out, so that it is on record. @param request as it came */
  refused(what: 'set' | 'call', request: unknown, by: Actor, why: Error): void {
    const { access_path: path, value, ...others } = Object(request) as Record<string, unknown>;
    if (typeof path === 'string') this.#control.refused({ by, path, what, to: what === 'set' ? value : others }, why);
  }

  async #carryOut<T>(
    what: 'set' | 'call',
    request: unknown,
    by: Actor,
    gone: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    const { access_path: path } = request as { access_path: unknown };
    const full = this.#full(path);
    if (full) {
      this.refused(what, request, by, full);
      throw full;
    }
    this.#count(path, 1);
    let waitedFor = true;
    const ended = work().finally(() => this.#count(path, -1));
    const tell = (outcome: string): void => {
      if (!waitedFor || gone.aborted)
        this.#log.info({ client: by.name }, `${show(path)} ${outcome}; its client had not waited`);
    };
    ended.then(
      () => tell('is done'),
      (thrown) => tell(`failed: ${toError(thrown).message}`),
    );
    const over = new AbortController();
    const limit = sleep(this.#clock, LONGEST_WAIT_MS, over.signal).then(
      () => {
        waitedFor = false;
        const message = `${show(path)} is still under way after ${LONGEST_WAIT_MS / 1000} s, and goes on`;
        throw new LabwireError('TIMEOUT', message);
      },
      (error) => {
        if (!isAbort(error, over.signal)) throw error;
        return ended;
      },
    );
    try {
      return await Promise.race([ended, limit]);
    } finally {
      over.abort();
    }
  }

  #full(path: unknown): LabwireError | undefined {
    const ofMember = (this.#underWay.get(path) ?? 0) >= MOST_OF_A_MEMBER;
    if (!ofMember && this.#running < MOST_AT_ONCE) return undefined;
    const [most, of] = ofMember ? [MOST_OF_A_MEMBER, ` of ${show(path)}`] : [MOST_AT_ONCE, ''];
    return new LabwireError(
      'QUEUE_FULL',
      `${most} writes and calls${of} are under way and do not end; try again later`,
    );
  }

  #count(path: unknown, change: 1 | -1): void {
    this.#running += change;
    const ofMember = (this.#underWay.get(path) ?? 0) + change;
    if (ofMember > 0) this.#underWay.set(path, ofMember);
    else this.#underWay.delete(path);
  }
}

/** @throws LabwireError REQUEST_INVALID where the request is no object or a needed key is missing */
function fields(
  request: unknown,
  needed: readonly string[],
  optional: readonly string[] = [],
): Record<string, unknown> {
  if (!isObject(request)) {
    throw new LabwireError('REQUEST_INVALID', `The request must be an object with ${needed.join(' and ')}`);
  }
  const given = new Map(Object.entries(request));
  for (const key of needed) {
    if (!given.has(key)) throw new LabwireError('REQUEST_INVALID', `The request lacks ${key}`);
  }
  return Object.fromEntries([...needed, ...optional].map((key) => [key, given.get(key)]));
}
