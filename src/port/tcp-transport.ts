import { LabwireError } from '../base/index.ts';
import type { Transport } from './connection.ts';

export function tcpTransport(host: string, port: number): Transport {
  throw new LabwireError('INTERNAL', `${host}:${port}: not built yet`);
}
