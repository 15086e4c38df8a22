import type { Message } from './outgoing.ts';
import { Thinner } from './thinner.ts';

/** A record whose messages are not all acknowledged. */
export interface Flight {
  readonly sequence: number;
  pending: number;
  next: Flight | undefined;
}

export interface LaneOptions {
  /** Of the backlog, not of what is live. */
  readonly historical: boolean;
  /** Called with the last sequence up to which everything is delivered, and how many records became so. */
  readonly delivered: (upTo: number, records: number) => void;
  /** How many messages were acknowledged so far, of whatever lane. */
  readonly acknowledged: () => number;
  /** What an earlier lane has left over. */
  readonly overflow?: Message[];
}

/**
 * Records under way, in the order of the journal. A record is delivered when it and all before it in its lane are
 * acknowledged.
 */
export class Lane {
  readonly historical: boolean;
  readonly thinner = new Thinner();
  /** The rest of the one record that the window had no room for. */
  readonly overflow: Message[];
  /** Messages that are not acknowledged, those that wait included. */
  inFlight = 0;
  readonly #delivered: LaneOptions['delivered'];
  readonly #acknowledged: LaneOptions['acknowledged'];
  /** How many were acknowledged when the first became the first, or the last of what waited was sent. */
  #since = 0;
  #first: Flight | undefined;
  #last: Flight | undefined;

  constructor({ historical, delivered, acknowledged, overflow = [] }: LaneOptions) {
    this.historical = historical;
    this.#delivered = delivered;
    this.#acknowledged = acknowledged;
    this.overflow = overflow;
  }

  get idle(): boolean {
    return this.#first === undefined;
  }

  /** How many messages were acknowledged while the oldest record, all of it sent, waited for that. */
  get overtaken(): number {
    return this.#first && this.overflow.length === 0 ? this.#acknowledged() - this.#since : 0;
  }

  /** Takes the next message that waits, to send it. */
  waiting(): Message | undefined {
    const message = this.overflow.shift();
    if (message) this.#since = this.#acknowledged();
    return message;
  }

  /** The next record. Until `land` is called for itself it counts as one message more: with QoS 0 each may be done at once. */
  take(sequence: number): Flight {
    const flight: Flight = { sequence, pending: 1, next: undefined };
    if (this.#last) this.#last.next = flight;
    else this.#begin(flight);
    this.#last = flight;
    return flight;
  }

  /** One of its messages is done. */
  land(flight: Flight): void {
    if (--flight.pending > 0 || flight !== this.#first) return;
    let records = 0;
    let sequence = 0;
    while (this.#first?.pending === 0) {
      sequence = this.#first.sequence;
      this.#begin(this.#first.next);
      records++;
    }
    if (!this.#first) this.#last = undefined;
    this.#delivered(sequence, records);
  }

  #begin(first: Flight | undefined): void {
    this.#first = first;
    this.#since = this.#acknowledged();
  }
}
