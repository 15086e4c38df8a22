import type { Clock, Logger } from '../base/index.ts';
import type { Transport } from './connection.ts';
import type { PortState } from './port-state.ts';

export interface PortOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Logger;
  /** Time after an opening in which what arrives is discarded, in ms; default 50. */
  readonly settleMs?: number;
  /** Uniform in [0, 1); default Math.random. */
  readonly random?: () => number;
}

export interface PortCounters {
  /** Times that the port was opened. */
  readonly opens: number;
  /** Times that it was lost while open. */
  readonly losses: number;
  /** Bytes discarded within the settle time. */
  readonly discarded: number;
}

export class Port {
  readonly name: string;
  readonly simulated: boolean;
  readonly counters: PortCounters = { opens: 0, losses: 0, discarded: 0 };

  constructor(options: PortOptions) {
    this.name = options.transport.name;
    this.simulated = options.transport.simulated;
  }
  get state(): PortState {
    return 'closed';
  }
  start(): void {}
  async stop(): Promise<void> {}
  async opened(_signal: AbortSignal): Promise<void> {}
  /** Returns a function that ends the listening. */
  onChange(_listener: (state: PortState, reason?: Error) => void): () => void {
    return () => {};
  }
  onData(_listener: (bytes: Buffer) => void): () => void {
    return () => {};
  }
  onOpen(_listener: () => void): () => void {
    return () => {};
  }
  onLost(_listener: (reason: Error) => void): () => void {
    return () => {};
  }
  async write(_bytes: Uint8Array): Promise<void> {}
  async flush(): Promise<void> {}
  reopen(_reason: Error): void {}
}
