import { codeOf, LabwireError, type Logger, PROTOCOL, show, toError } from '../../base/index.ts';
import type { Actor } from '../../service/index.ts';
import { version } from '../../version.ts';
import { exceptionNode } from '../../wire/index.ts';
import type { Principal } from '../access/principal.ts';
import { type Access, type Gate, refusal } from '../gate.ts';
import type { ServiceRequests } from '../service-requests.ts';
import { parseSubscription, type Subscription } from './subscription.ts';

/** What a client may ask, and who it must be for that. */
export const eventAccess = {
  hello: 'viewer',
  service_serialization: 'viewer',
  get_value: 'viewer',
  subscribe: 'viewer',
  update_value: 'operator',
  trigger_method: 'operator',
} as const satisfies Record<string, Access>;

type EventName = keyof typeof eventAccess;

export interface ClientEventsParts {
  readonly requests: ServiceRequests;
  readonly gate: Gate;
  /** Who it is now, and what it may do. */
  principal(): Principal;
  readonly by: Actor;
  readonly log: Logger;
  subscribe(subscription: Subscription): void;
  /** Resolves when the client has read enough to be answered more, or is gone. */
  room(): Promise<void>;
  /** Whether it may be refused without waiting. Where it does not read what it provokes, it is cut off instead. */
  takesRefusals(): boolean;
}

/** Events of one client that are not answered yet. */
const MOST_AT_ONCE = 64;

/** Answers the events of one client. Whatever comes, in whatever order, it is answered, and nothing is thrown. */
export class ClientEvents {
  readonly #parts: ClientEventsParts;
  readonly #gone = new AbortController();
  #open = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: ClientEventsParts) {
    this.#parts = parts;
  }

  /** @param event name and arguments as they came; the last one answers, where the client wants an answer */
  async answer(event: readonly unknown[]): Promise<void> {
    const [name, ...rest] = event;
    const last = rest.at(-1);
    // What comes over the wire is data: a function can only be socket.io's.
    const reply = typeof last === 'function' ? (last as (answer: unknown) => void) : undefined;
    const [argument] = reply ? rest.slice(0, -1) : rest;
    if (this.#gone.signal.aborted) return;
    if (this.#open >= MOST_AT_ONCE) {
      const error = tooMany();
      this.#recordRefusal(name, argument, error);
      if (this.#parts.takesRefusals()) reply?.(exceptionNode(error));
      return;
    }
    this.#open++;
    try {
      const make = await this.#carryOut(name, argument);
      if (reply) await this.#inTurn(() => this.#send(name, make, reply));
    } finally {
      this.#open--;
    }
  }

  /** The client is gone: nothing more is answered. */
  end(): void {
    this.#gone.abort();
  }

  /** Answers go out one after the other, each when there is room for it: no more than one waits for a slow client. */
  #inTurn(answer: () => void): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      await this.#parts.room();
      if (this.#gone.signal.aborted) return;
      try {
        answer();
      } catch (error) {
        this.#parts.log.error({ err: error }, 'a client could not be answered');
      }
    });
    return this.#turn;
  }

  /** Does what is to be done at once. @returns what makes the answer when its turn has come */
  async #carryOut(name: unknown, argument: unknown): Promise<() => unknown> {
    try {
      return await this.#answerTo(this.#allowed(name, argument), argument);
    } catch (thrown) {
      const exception = this.#exception(name, thrown);
      return () => exception;
    }
  }

  /** What cannot be made, or not be put into words, is answered with why. */
  #send(name: unknown, make: () => unknown, reply: (answer: unknown) => void): void {
    try {
      reply(make());
    } catch (thrown) {
      reply(this.#exception(name, thrown));
    }
  }

  #exception(name: unknown, thrown: unknown): object {
    const error = toError(thrown);
    if (codeOf(error) === null) this.#parts.log.warn({ err: error }, `${show(name)} failed: ${error.message}`);
    return exceptionNode(thrown);
  }

  #allowed(name: unknown, argument: unknown): EventName {
    if (typeof name !== 'string' || !Object.hasOwn(eventAccess, name)) {
      const known = Object.keys(eventAccess).join(', ');
      throw new LabwireError('REQUEST_INVALID', `There is no event ${show(name)}; there are ${known}`);
    }
    const known = name as EventName;
    const { gate } = this.#parts;
    const principal = this.#parts.principal();
    const access = eventAccess[known];
    if (gate.allows(principal, access)) return known;
    const error = new LabwireError('FORBIDDEN', refusal(principal, access));
    this.#recordRefusal(known, argument, error);
    throw error;
  }

  #recordRefusal(name: unknown, argument: unknown, why: Error): void {
    const { requests, by } = this.#parts;
    if (name === 'update_value') requests.refused('set', argument, by, why);
    if (name === 'trigger_method') requests.refused('call', argument, by, why);
  }

  async #answerTo(name: EventName, argument: unknown): Promise<() => unknown> {
    const { requests, by, subscribe } = this.#parts;
    switch (name) {
      case 'hello':
        return () => ({ name: 'labwire', version, protocol: PROTOCOL });
      case 'service_serialization':
        return () => requests.tree();
      case 'get_value':
        return () => requests.value(argument);
      case 'update_value':
        await requests.update(argument, by, this.#gone.signal);
        return () => null;
      case 'trigger_method': {
        const result = await requests.call(argument, by, this.#gone.signal);
        return () => result;
      }
      case 'subscribe':
        subscribe(parseSubscription(argument));
        return () => null;
    }
  }
}

function tooMany(): LabwireError {
  return new LabwireError('QUEUE_FULL', `${MOST_AT_ONCE} requests of this client are under way already; wait for them`);
}
