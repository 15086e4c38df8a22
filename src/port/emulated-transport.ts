import type { Transport } from './connection.ts';
import type { EmulatedLine, Emulator } from './emulator.ts';
import { memoryLine } from './memory-transport.ts';
import { Pty } from './pty.ts';
import type { SerialSettings } from './serial-settings.ts';
import { serialTransport } from './serial-transport.ts';

/** The instrument's line over a pseudo-terminal. */
export function ptyLine(pty: Pty): EmulatedLine {
  let receive: (bytes: Buffer) => void = () => {};
  pty.onData((bytes) => receive(bytes));
  return {
    send: (bytes) => pty.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
    onReceive: (listener) => {
      receive = listener;
    },
  };
}

/**
 * An emulated instrument on a real pseudo-terminal that is opened as every serial port is; on a line in memory where the
 * system has none. The instrument is switched on with the first opening, and lives as long as the port: closing and
 * opening again finds it as it was.
 */
export function emulatedTransport(name: string, emulator: Emulator, settings: SerialSettings = {}): Transport {
  let power: { readonly transport: Transport; off(): void } | undefined;

  const switchOn = (): { readonly transport: Transport; off(): void } => {
    const instrument = emulator();
    if (!Pty.available()) {
      const memory = memoryLine(name);
      instrument.connect(memory.line);
      return { transport: memory.transport, off: () => instrument.disconnect() };
    }
    const pty = Pty.open();
    instrument.connect(ptyLine(pty));
    const off = (): void => {
      instrument.disconnect();
      pty.close();
    };
    return { transport: serialTransport(pty.path, settings), off };
  };

  return {
    name,
    simulated: true,
    open: async (events, signal) => {
      power ??= switchOn();
      return power.transport.open(events, signal);
    },
    dispose: async () => {
      power?.off();
      power = undefined;
    },
  };
}
