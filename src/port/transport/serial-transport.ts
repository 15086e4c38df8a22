import type { BindingInterface, BindingPortInterface, OpenOptions } from '@serialport/bindings-cpp';
import { SerialPortStream } from '@serialport/stream';
import { type Clock, systemClock, unlessAborted } from '../../base/index.ts';
import type { Connection, ConnectionEvents, Transport } from '../connection.ts';
import { PathReturn } from '../discovery/path-return.ts';
import { Leftovers } from '../leftovers.ts';
import { hangupBinding } from './hangup-binding.ts';
import { closedError, lostError, openingError } from './port-errors.ts';
import { applyLines, type LineLevels } from './serial-lines.ts';
import { refusedSetting, type SerialSettings } from './serial-settings.ts';

export interface SerialTransportOptions {
  /** For tests: what speaks to the operating system. */
  readonly binding?: BindingInterface;
  /** For tests: what the length of a break is measured with. */
  readonly clock?: Clock;
}

/** Bytes that serialport reads at once, and holds a pool of per port; a tty gives at most 4096. */
const READ_BYTES = 16 * 1024;

/**
 * A serial port by its path: `/dev/ttyUSB0`, `/dev/serial/by-id/…`, `COM3`.
 *
 * What a pseudo-terminal or a simple adapter has not (control lines, break) is left out without an error.
 */
export function serialTransport(
  path: string,
  settings: SerialSettings = {},
  options: SerialTransportOptions = {},
): Transport {
  const openOptions = toOpenOptions(path, settings);
  const system = options.binding ?? hangupBinding();
  const clock = options.clock ?? systemClock;
  // An opening that was given up may still hang in the driver: the next one waits for it, or it would take a thread each.
  const leftovers = new Leftovers();
  const what = `Opening ${path}`;
  const place = new PathReturn(path);
  return {
    name: path,
    simulated: false,
    async open(events, signal) {
      const refusal = refusedSetting(path, settings);
      if (refusal) throw refusal;
      await leftovers.gone(what, signal);
      place.opening();
      const serial = new SerialConnection(openOptions, system, events);
      const opening = serial.open().then(() => applyLines(serial, settings, clock, signal));
      leftovers.add(opening);
      try {
        await unlessAborted(opening, what, signal);
      } catch (error) {
        const close = (): Promise<void> => serial.close();
        leftovers.add(opening.then(close, close));
        if (signal.aborted) throw error;
        throw await openingError(path, error);
      }
      return serial;
    },
    ...(path.startsWith('/') ? { watch: (appeared: () => void) => place.watch(appeared) } : {}),
  };
}

/** Every option is said, so that none of serialport's own defaults (`hupcl: true`) can slip in. */
function toOpenOptions(path: string, settings: SerialSettings): OpenOptions {
  const xon = settings.xon ?? false;
  return {
    path,
    baudRate: settings.baudRate ?? 9600,
    dataBits: settings.dataBits ?? 8,
    parity: settings.parity ?? 'none',
    stopBits: settings.stopBits ?? 1,
    rtscts: settings.rtscts ?? false,
    xon,
    xoff: settings.xoff ?? xon,
    xany: false,
    hupcl: settings.hupcl ?? false,
    lock: settings.lock ?? true,
  };
}

/**
 * One opening of the port and its stream. serialport keeps what is written to a closed port and sends it after the next
 * opening (node-serialport#1593), so a stream is never opened twice, and nothing is written to it unless it is open. The
 * stream is only ever closed, never destroyed: that would leave the file descriptor open and locked.
 */
class SerialConnection implements Connection {
  readonly #path: string;
  readonly #stream: SerialPortStream;
  readonly #events: ConnectionEvents;
  #device: BindingPortInterface | undefined;
  #freed: Promise<void> | undefined;
  /** Closed or lost: nothing is told any more. */
  #ended = false;

  constructor(options: OpenOptions, system: BindingInterface, events: ConnectionEvents) {
    this.#path = options.path;
    this.#events = events;
    const binding: BindingInterface = {
      list: () => system.list(),
      open: async (openOptions) => this.#hold(await system.open(openOptions)),
    };
    this.#stream = new SerialPortStream({
      ...options,
      binding,
      autoOpen: false,
      highWaterMark: READ_BYTES,
    });
    // Without a `data` listener nothing reads, and an unplug is never seen.
    this.#stream.on('data', (bytes: Buffer) => {
      if (!this.#ended) events.data(bytes);
    });
    this.#stream.on('close', (error?: Error | null) => this.#lost(error ?? new Error('it was closed')));
    this.#stream.on('error', (error) => this.#lost(error));
  }

  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.open((error) => (error ? reject(error) : resolve()));
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const closed = this.#closed();
      if (closed) return reject(closed);
      this.#stream.write(bytes, undefined, (error) => (error ? reject(lostError(this.#path, error)) : resolve()));
    });
  }

  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      const closed = this.#closed();
      if (closed) return reject(closed);
      this.#stream.flush((error) => (error ? reject(lostError(this.#path, error)) : resolve()));
    });
  }

  /** Sets all of them at once, as the binding does. */
  setLines(levels: LineLevels): Promise<void> {
    return new Promise((resolve, reject) => {
      const closed = this.#closed();
      if (closed) return reject(closed);
      this.#stream.set({ ...levels, cts: false, dsr: false }, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Why nothing can be written any more: an unplug may be met before the stream tells of it. */
  #closed(): Error | undefined {
    if (this.#ended) return closedError(this.#path);
    return this.#stream.isOpen ? undefined : lostError(this.#path, new Error('it was closed'));
  }

  async close(): Promise<void> {
    this.#ended = true;
    // The stream's own close ends its pending read and write; where it has lost track, the device is closed directly.
    if (this.#stream.isOpen) this.#stream.close(() => {});
    else this.#device?.close();
    await this.#freed;
  }

  /** The stream may tell `close` early or twice: whether the file descriptor is free is what the device says. */
  #hold(device: BindingPortInterface): BindingPortInterface {
    const close = device.close.bind(device);
    device.close = () => {
      this.#freed ??= close();
      return this.#freed;
    };
    this.#device = device;
    return device;
  }

  #lost(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.lost(lostError(this.#path, error));
  }
}
