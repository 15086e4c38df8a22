import { abortError } from '../../base/index.ts';
import type { ConnectionEvents, Transport } from '../connection.ts';
import { closedError, lostError } from '../transport/port-errors.ts';
import type { EmulatedLine } from './emulator.ts';

/** An instrument's line that ends in this process, without the operating system: for tests, and where no pty exists. */
export interface MemoryLine {
  readonly line: EmulatedLine;
  readonly transport: Transport;
  /** Ends an open connection as a pulled plug does, and refuses new ones with `reason` until `plug()`. */
  unplug(reason?: Error): void;
  plug(): void;
}

export interface MemoryLineOptions {
  /** Default true. */
  readonly simulated?: boolean;
  /** When the bytes arrive; default `setImmediate`, so that a fast exchange lets others have their turn. */
  readonly deliver?: (arrive: () => void) => void;
}

/** Both directions are delivered in order, never within the caller's stack. What is sent while nobody has it open is lost. */
export function memoryLine(name: string, options: MemoryLineOptions = {}): MemoryLine {
  const { simulated = true, deliver = setImmediate } = options;
  let events: ConnectionEvents | undefined;
  let receive: (bytes: Buffer) => void = () => {};
  let plugged = true;
  let refusal: Error | undefined;

  const line: EmulatedLine = {
    send: (bytes) => {
      const target = events;
      const copy = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes);
      if (target)
        deliver(() => {
          if (events === target) target.data(copy);
        });
    },
    onReceive: (listener) => {
      receive = listener;
    },
  };

  const transport: Transport = {
    name,
    simulated,
    async open(opened, signal) {
      if (signal.aborted) throw abortError(`Opening ${name}`, signal);
      if (!plugged) throw refusal ?? lostError(name, new Error('it is unplugged'));
      events = opened;
      const isOpen = (): boolean => events === opened;
      return {
        write: async (bytes) => {
          if (!isOpen()) throw closedError(name);
          const copy = Buffer.from(bytes);
          deliver(() => receive(copy));
        },
        flush: async () => {
          if (!isOpen()) throw closedError(name);
        },
        close: async () => {
          if (isOpen()) events = undefined;
        },
      };
    },
  };

  return {
    line,
    transport,
    unplug: (reason) => {
      plugged = false;
      refusal = reason;
      const open = events;
      events = undefined;
      open?.lost(lostError(name, reason ?? new Error('it was unplugged')));
    },
    plug: () => {
      plugged = true;
    },
  };
}
