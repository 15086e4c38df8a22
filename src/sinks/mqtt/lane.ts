/** A record whose messages are not all acknowledged. */
export interface Flight {
  readonly sequence: number;
  pending: number;
  next: Flight | undefined;
}

/**
 * Records under way, in the order of the journal. A record is delivered when it and all before it in its lane are
 * acknowledged.
 */
export class Lane {
  /** Messages that are not acknowledged. */
  inFlight = 0;
  readonly #delivered: (upTo: number, records: number) => void;
  #first: Flight | undefined;
  #last: Flight | undefined;

  /** @param delivered called with the last sequence up to which everything is delivered, and how many records became so */
  constructor(delivered: (upTo: number, records: number) => void) {
    this.#delivered = delivered;
  }

  get idle(): boolean {
    return this.#first === undefined;
  }

  /** The next record. It counts as one message more than it has until `land` is called for itself: with QoS 0 each may be done at once. */
  take(sequence: number): Flight {
    const flight: Flight = { sequence, pending: 1, next: undefined };
    if (this.#last) this.#last.next = flight;
    else this.#first = flight;
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
      this.#first = this.#first.next;
      records++;
    }
    if (!this.#first) this.#last = undefined;
    this.#delivered(sequence, records);
  }
}
