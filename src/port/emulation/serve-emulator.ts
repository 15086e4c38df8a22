import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { LabwireError, toError } from '../../base/index.ts';
import { ptyLine } from './emulated-transport.ts';
import type { EmulatedInstrument, Emulator } from './emulator.ts';
import { Pty } from './pty.ts';

export interface ServedEmulator {
  /** Where a gateway finds it: the path of a pseudo-terminal, or `tcp://127.0.0.1:4001`. */
  readonly address: string;
  /** Switches the instrument off and gives its address up. Idempotent. */
  stop(): Promise<void>;
}

/** A pseudo-terminal, with a link at the given path or without; or a TCP port on the loopback address, 0 for any. */
export type EmulatorAddress = { readonly pty: string | undefined } | { readonly tcp: number };

/** Bytes held for a client that does not read; what comes beyond is lost, as on a line. */
const PENDING_LIMIT = 64 * 1024;

/**
 * Puts an emulated instrument where other programs find it.
 *
 * @throws LabwireError PTY_UNAVAILABLE, PORT_FAILED, or SERVER_ADDRESS when the TCP port is taken
 */
export async function serveEmulator(emulator: Emulator, at: EmulatorAddress): Promise<ServedEmulator> {
  const instrument = emulator();
  return 'tcp' in at ? serveTcp(instrument, at.tcp) : servePty(instrument, at.pty);
}

function servePty(instrument: EmulatedInstrument, link: string | undefined): ServedEmulator {
  const pty = Pty.open(link === undefined ? {} : { link });
  instrument.connect(ptyLine(pty));
  let running = true;
  return {
    address: pty.path,
    stop: async () => {
      if (running) instrument.disconnect();
      running = false;
      pty.close();
    },
  };
}

/** A serial line has one other end: a second client is turned away. */
async function serveTcp(instrument: EmulatedInstrument, port: number): Promise<ServedEmulator> {
  let client: Socket | undefined;
  let receive: (bytes: Buffer) => void = () => {};
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    if (client) return socket.destroy();
    client = socket;
    socket.on('data', (bytes: Buffer) => receive(bytes));
    socket.on('close', () => {
      client = undefined;
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((thrown: unknown) => {
    const cause = toError(thrown);
    const message = `The emulator cannot listen on 127.0.0.1:${port}: ${cause.message}; choose another port, or 0 for any`;
    throw new LabwireError('SERVER_ADDRESS', message, { cause });
  });
  instrument.connect({
    send: (bytes) => {
      if (!client || client.writableLength > PENDING_LIMIT) return;
      client.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes));
    },
    onReceive: (listener) => {
      receive = listener;
    },
  });
  const address = server.address() as AddressInfo;
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    instrument.disconnect();
    client?.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return {
    address: `tcp://127.0.0.1:${address.port}`,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
