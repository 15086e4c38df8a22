import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import {
  DO,
  TelnetDecoder,
  telnetData,
  telnetNegotiation,
  telnetSubnegotiation,
  type Verb,
  WILL,
} from '../../../src/port/transport/telnet-codec.ts';

const BINARY = 0;
const SGA = 3;
const COM_PORT = 44;

export interface ServerBehaviour {
  /** To each negotiation; default it agrees to BINARY, SGA and COM-PORT as a client asks, and to nothing else. */
  readonly negotiate?: (verb: number, option: number) => readonly [Verb, number][];
  /** The answer to a command of COM-PORT, without its number; default what was asked. Undefined: none. */
  readonly answer?: (command: number, value: Buffer) => Buffer | undefined;
  readonly onConnect?: (socket: Socket) => void;
}

/** A terminal server of which a test decides what it answers. */
export async function startServer(behaviour: ServerBehaviour = {}) {
  const commands: string[] = [];
  const negotiations: string[] = [];
  const sockets: Socket[] = [];
  let received = Buffer.alloc(0);
  const agree = (verb: number, option: number): [Verb, number][] => {
    if (verb === WILL && [BINARY, SGA, COM_PORT].includes(option)) return [[DO, option]];
    return verb === DO && [BINARY, SGA].includes(option) ? [[WILL, option]] : [];
  };
  const { negotiate = agree, answer = (_command, value) => value, onConnect } = behaviour;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    const decoder = new TelnetDecoder({
      data: (bytes) => {
        received = Buffer.concat([received, bytes]);
      },
      negotiation: (verb, option) => {
        negotiations.push(`${verb} ${option}`);
        for (const [reply, about] of negotiate(verb, option)) socket.write(telnetNegotiation(reply, about));
      },
      subnegotiation: (option, payload) => {
        commands.push(payload.toString('hex'));
        const [command = 0] = payload;
        const value = answer(command, Buffer.from(payload.subarray(1)));
        if (value) socket.write(telnetSubnegotiation(option, Buffer.concat([Buffer.from([command + 100]), value])));
      },
    });
    socket.on('data', (bytes: Buffer) => decoder.push(bytes));
    onConnect?.(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    /** The commands of COM-PORT that came, in hexadecimal. */
    commands,
    negotiations,
    sockets,
    received: () => received,
    send: (data: Uint8Array) => sockets.at(-1)?.write(telnetData(data)),
    /** A command of the server, such as 108: the sending shall be suspended. */
    command: (...payload: number[]) => sockets.at(-1)?.write(telnetSubnegotiation(COM_PORT, Buffer.from(payload))),
    negotiate: (verb: Verb, option: number) => sockets.at(-1)?.write(telnetNegotiation(verb, option)),
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
