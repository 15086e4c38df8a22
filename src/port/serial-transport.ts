import type { BindingInterface } from '@serialport/bindings-cpp';
import { LabwireError } from '../base/index.ts';
import type { Transport } from './connection.ts';
import type { SerialSettings } from './serial-settings.ts';

export interface SerialTransportOptions {
  /** For tests: what speaks to the operating system. */
  readonly binding?: BindingInterface;
}

export function serialTransport(
  path: string,
  _settings: SerialSettings = {},
  _options: SerialTransportOptions = {},
): Transport {
  throw new LabwireError('INTERNAL', `${path}: not built yet`);
}
