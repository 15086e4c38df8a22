import { LabwireError } from '../base/index.ts';
import type { Emulator } from './emulator.ts';

export interface ServedEmulator {
  /** Where a gateway finds it: the path of a pseudo-terminal, or `tcp://127.0.0.1:4001`. */
  readonly address: string;
  stop(): Promise<void>;
}

export async function serveEmulator(
  _emulator: Emulator,
  _at: { readonly pty: string | undefined } | { readonly tcp: number },
): Promise<ServedEmulator> {
  throw new LabwireError('INTERNAL', 'not built yet');
}
