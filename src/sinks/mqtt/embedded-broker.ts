import type { Logger } from '../../base/index.ts';

export interface EmbeddedBroker {
  /** Where clients connect, e.g. `mqtt://127.0.0.1:1883`. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface EmbeddedBrokerOptions {
  /** First port to try, default 1883; 0: any free one. */
  readonly port?: number;
}

export function startEmbeddedBroker(_log: Logger, _options: EmbeddedBrokerOptions = {}): Promise<EmbeddedBroker> {
  throw new Error('to come');
}
