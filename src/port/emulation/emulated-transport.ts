import type { Transport } from '../connection.ts';
import type { SerialSettings } from '../transport/serial-settings.ts';
import { serialTransport } from '../transport/serial-transport.ts';
import type { EmulatedInstrument, EmulatedLine } from './emulator.ts';
import { memoryLine } from './memory-transport.ts';
import { Pty } from './pty.ts';

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

/** A way to instruments made of software. */
export interface EmulatedTransport extends Transport {
  /** Puts an instrument on the line. @returns takes it away again */
  attach(instrument: EmulatedInstrument): () => void;
}

/**
 * Emulated instruments on a real pseudo-terminal that is opened as every serial port is; on a line in memory where the
 * system has none. They are switched on with the first opening, and live as long as the port: closing and opening again
 * finds them as they were. Each hears all that the gateway sends, as on a shared line.
 */
export function emulatedTransport(name: string, settings: SerialSettings = {}): EmulatedTransport {
  const instruments = new Map<EmulatedInstrument, (bytes: Buffer) => void>();
  let power: { readonly transport: Transport; readonly line: EmulatedLine; off(): void } | undefined;

  const connect = (instrument: EmulatedInstrument, line: EmulatedLine): void => {
    instrument.connect({
      send: (bytes) => line.send(bytes),
      onReceive: (listener) => instruments.set(instrument, listener),
    });
  };

  const switchOn = (): NonNullable<typeof power> => {
    const made = Pty.available() ? ptyTransport(settings) : memoryTransport(name);
    made.line.onReceive((bytes) => {
      for (const receive of instruments.values()) receive(bytes);
    });
    for (const instrument of instruments.keys()) connect(instrument, made.line);
    return made;
  };

  return {
    name,
    simulated: true,
    attach: (instrument) => {
      instruments.set(instrument, () => {});
      if (power) connect(instrument, power.line);
      return () => {
        if (instruments.delete(instrument) && power) instrument.disconnect();
      };
    },
    open: async (events, signal) => {
      power ??= switchOn();
      return power.transport.open(events, signal);
    },
    dispose: async () => {
      if (!power) return;
      for (const instrument of instruments.keys()) instrument.disconnect();
      power.off();
      power = undefined;
    },
  };
}

function ptyTransport(settings: SerialSettings) {
  const pty = Pty.open();
  return { transport: serialTransport(pty.path, settings), line: ptyLine(pty), off: () => pty.close() };
}

function memoryTransport(name: string) {
  return { ...memoryLine(name), off: () => {} };
}
