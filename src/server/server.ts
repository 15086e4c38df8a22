import type { Clock, Logger } from '../base/index.ts';
import { LabwireError } from '../base/index.ts';
import type { DataService } from '../service/index.ts';

export interface ServerOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 to 65535; 0 = any free one. Default 8001. */
  readonly port?: number;
  /** Where settings are kept over a restart; none are without it. */
  readonly stateFile?: string;
  readonly log?: Logger;
  readonly clock?: Clock;
}

/** Runs one service of a library user. */
export class Server {
  constructor(_service: DataService, _options: ServerOptions = {}) {}
  run(): Promise<void> {
    throw new LabwireError('INTERNAL', 'not yet');
  }
}
