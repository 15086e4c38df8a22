/** One thing that went over a port, or happened to it. */
export interface TrafficLine {
  /** Grows by one with each; a gap is what was overwritten. */
  readonly sequence: number;
  /** Whole µs since the Unix epoch. */
  readonly at: number;
  /** `sent`, `received`, `discarded`, `frame`, `dropped`, `error`, `state`. */
  readonly kind: string;
  readonly bytes?: Uint8Array;
  readonly text?: string;
}

/** What a port keeps of its traffic, and what comes. */
export interface TrafficView {
  /** Another one for each life of the port, whose sequences begin anew. */
  readonly id: string;
  /** The newest sequence; 0 while there is none. */
  readonly newest: number;
  /** What is there with a greater sequence, in order. */
  since(sequence: number): Iterable<TrafficLine>;
  /** Calls at each new line. Returns a function that ends it. */
  onEntry(listener: () => void): () => void;
}

export interface PortView {
  /** In words, e.g. `/dev/ttyUSB0`. */
  readonly name: string;
  /** As it is at each look. `closed`: it was given up, and nothing comes any more. */
  readonly state: string;
  readonly counters: object;
  /** How the serial line is set, where it is one. */
  readonly serial?: object;
  readonly traffic: TrafficView;
}

/** The ports of a gateway, as the server sees them. */
export interface PortsView {
  /** Ids of devices and ports. */
  names(): readonly string[];
  /** By the id of a device or port, or by path. */
  find(name: string): PortView | undefined;
}
