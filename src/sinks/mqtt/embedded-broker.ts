import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { LabwireError, type Logger, toError } from '../../base/index.ts';

export interface EmbeddedBroker {
  /** Where clients connect, e.g. `mqtt://127.0.0.1:1883`. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface EmbeddedBrokerOptions {
  /** First port to try, default 1883; 0: any free one. */
  readonly port?: number;
}

const USUAL_PORT = 1883;
const MORE_PORTS = 20;

/**
 * A broker of MQTT 3.1.1 inside the process, for this machine alone; it keeps nothing over a restart.
 *
 * @throws LabwireError SERVER_ADDRESS when neither the port nor one of the next 20 is free
 */
export async function startEmbeddedBroker(log: Logger, options: EmbeddedBrokerOptions = {}): Promise<EmbeddedBroker> {
  const first = options.port ?? USUAL_PORT;
  const broker = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  broker.on('clientError', (client, error) =>
    log.debug({ client: client.id, err: error }, 'A client of the broker failed'),
  );
  broker.on('connectionError', (_client, error) => log.debug({ err: error }, 'A connection to the broker failed'));
  let port: number;
  try {
    port = await listen(server, first);
  } catch (error) {
    await new Promise<void>((resolve) => broker.close(resolve));
    throw error;
  }
  if (first !== 0 && port !== first) log.info(`Port ${first} is taken; the embedded broker listens on ${port}`);
  let stopped: Promise<void> | undefined;
  return {
    url: `mqtt://127.0.0.1:${port}`,
    stop: () => {
      stopped ??= new Promise((resolve) => {
        server.close(() => broker.close(resolve));
        for (const socket of sockets) socket.destroy();
      });
      return stopped;
    },
  };
}

async function listen(server: Server, first: number): Promise<number> {
  for (let port = first; ; port++) {
    try {
      return await listenOn(server, port);
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (taken && port < first + MORE_PORTS) continue;
      throw new LabwireError(
        'SERVER_ADDRESS',
        `The embedded broker cannot listen on 127.0.0.1:${first} to ${port}: ${toError(error).message}; free a port or name a broker by mqtt.url`,
        { cause: error },
      );
    }
  }
}

function listenOn(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}
