import { codeOf, LabwireError, type Logger, show, toError } from '../../base/index.ts';
import type { Actor } from '../../service/index.ts';
import { exceptionNode } from '../../wire/index.ts';
import type { Principal } from '../access/principal.ts';
import { type Access, type Gate, refusal } from '../gate.ts';
import type { ServiceRequests } from '../service-requests.ts';
import { parseSubscription, type Subscription } from './subscription.ts';

/** What a client may ask, and who it must be for that. */
export const eventAccess = {
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
  /** Whether the client takes answers. Where it does not read those that it has, it is cut off instead. */
  takesAnswers(): boolean;
}

/** Events of one client that are not answered yet. */
const MOST_AT_ONCE = 64;

/** Answers the events of one client. Whatever comes, in whatever order, it is answered, and nothing is thrown. */
export class ClientEvents {
  readonly #parts: ClientEventsParts;
  readonly #gone = new AbortController();
  #open = 0;

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
    let answer: unknown;
    this.#open++;
    try {
      if (this.#open > MOST_AT_ONCE) {
        throw new LabwireError(
          'QUEUE_FULL',
          `${MOST_AT_ONCE} requests of this client are under way already; wait for them`,
        );
      }
      answer = await this.#answerTo(this.#allowed(name), argument);
    } catch (thrown) {
      answer = exceptionNode(thrown);
      const error = toError(thrown);
      if (codeOf(error) === null) this.#parts.log.warn({ err: error }, `${show(name)} failed: ${error.message}`);
    } finally {
      this.#open--;
    }
    if (reply && !this.#gone.signal.aborted && this.#parts.takesAnswers()) reply(answer);
  }

  /** The client is gone: nothing more is answered. */
  end(): void {
    this.#gone.abort();
  }

  #allowed(name: unknown): EventName {
    if (typeof name !== 'string' || !Object.hasOwn(eventAccess, name)) {
      const known = Object.keys(eventAccess).join(', ');
      throw new LabwireError('REQUEST_INVALID', `There is no event ${show(name)}; there are ${known}`);
    }
    const { gate } = this.#parts;
    const principal = this.#parts.principal();
    const access = eventAccess[name as EventName];
    if (!gate.allows(principal, access)) throw new LabwireError('FORBIDDEN', refusal(principal, access));
    return name as EventName;
  }

  async #answerTo(name: EventName, argument: unknown): Promise<unknown> {
    const { requests, by, subscribe } = this.#parts;
    switch (name) {
      case 'service_serialization':
        return requests.tree();
      case 'get_value':
        return requests.value(argument);
      case 'update_value':
        await requests.update(argument, by, this.#gone.signal);
        return null;
      case 'trigger_method':
        return requests.call(argument, by, this.#gone.signal);
      case 'subscribe':
        subscribe(parseSubscription(argument));
        return null;
    }
  }
}
