/**
 * One open byte stream to an instrument. Made anew for each opening: nothing written or read before an unplug can leak
 * into the time after it.
 */
export interface Connection {
  /**
   * Resolves when the bytes are with the operating system. Rejects when the connection is closed or broken; whoever opened
   * it takes that for its loss, and closes it.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Discards what has been received and not read by the operating system's buffers. */
  flush(): Promise<void>;
  /** Idempotent; resolves when the file descriptor is free. */
  close(): Promise<void>;
}

/** What a transport tells the one who opened it. */
export interface ConnectionEvents {
  /** The bytes are valid only during the call. */
  data(bytes: Buffer): void;
  /** Called once, for whatever reason the connection ended but a `close()`. */
  lost(error: Error): void;
}

/** A way to an instrument: a serial device, a TCP address, an emulated line. */
export interface Transport {
  /** In words for people and logs: `/dev/ttyUSB0`, `tcp://host:4001`. */
  readonly name: string;
  readonly simulated: boolean;
  /** Rejects with a LabwireError: PORT_ABSENT, PORT_BUSY, PORT_DENIED, PORT_FAILED. */
  open(events: ConnectionEvents, signal: AbortSignal): Promise<Connection>;
  /**
   * Calls back when there is a sign that an opening may succeed now: the path appeared, or something else is there than
   * what was opened last (then soon after the call, never during it). Returns a function that ends the watch. A transport that cannot know has none, and is tried with a back-off.
   */
  watch?(appeared: () => void): () => void;
  /** Ends what lives longer than one connection: an emulated instrument. Called once, when the port is given up. */
  dispose?(): Promise<void>;
}
