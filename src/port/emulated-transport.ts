import { LabwireError } from '../base/index.ts';
import type { Transport } from './connection.ts';
import type { Emulator } from './emulator.ts';
import type { SerialSettings } from './serial-settings.ts';

export function emulatedTransport(name: string, _emulator: Emulator, _settings: SerialSettings = {}): Transport {
  throw new LabwireError('INTERNAL', `${name}: not built yet`);
}
