import type { Clock } from '../base/index.ts';
import { Link, type LinkOptions } from './link.ts';
import type { Port } from './port.ts';

export interface BusOptions {
  readonly port: Port;
  readonly clock: Clock;
  /** Least pause between any two transactions on the line, in ms; default 0. */
  readonly spacingMs?: number;
  /** What is sent comes back first, as on two-wire adapters that hear themselves; default false. */
  readonly echo?: boolean;
}

/** One port and the links that take turns on it. A point-to-point line is a bus with one link. */
export class Bus {
  readonly port: Port;
  readonly #clock: Clock;
  readonly #links = new Set<Link>();

  constructor(options: BusOptions) {
    this.port = options.port;
    this.#clock = options.clock;
  }

  /** Another instrument on the line. */
  link(options: LinkOptions): Link {
    const link = new Link(this.port, this.#clock, options);
    this.#links.add(link);
    return link;
  }

  /** Leaves the port to others: all links are closed. */
  close(): void {
    for (const link of this.#links) link.close();
  }
}
