import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connections } from '../../src/server/connections.ts';

let server: Server;
let connections: Connections;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer((request, response) => {
    if (request.url !== '/never') response.end('done');
  });
  // Silent ones are to go by the number of connections alone.
  server.keepAliveTimeout = 0;
  connections = new Connections(3);
  server.on('upgrade', (_, socket) => socket.write('upgraded'));
  connections.watch(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

/** Resolves when the server has the connection. */
async function open(): Promise<Socket> {
  const accepted = once(server, 'connection');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  sockets.push(socket);
  await accepted;
  return socket;
}

const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.resume().once('close', resolve));

async function ask(socket: Socket, path: string, headers = ''): Promise<void> {
  const asked = once(server, headers === '' ? 'request' : 'upgrade');
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`);
  await asked;
}

describe('where a server has as many connections as it takes', () => {
  it('the one goes that has been silent for the longest time', async () => {
    const [first, second, third] = [await open(), await open(), await open()];
    await ask(first, '/');
    await once(first, 'data');
    const gone = closed(second);
    const fourth = await open();
    await gone;
    await ask(fourth, '/');
    await once(fourth, 'data');
    expect([first, third, fourth].map(({ closed }) => closed)).toEqual([false, false, false]);
  });

  it('none goes by which somebody waits for an answer, or that is a websocket', async () => {
    const [first, second, third] = [await open(), await open(), await open()];
    await ask(first, '/never');
    await ask(second, '/', 'connection: upgrade\r\nupgrade: websocket\r\n');
    await ask(third, '/never');
    // The answer to the first of two is no end of the waiting.
    await ask(third, '/');
    await closed(await open());
    expect([first, second, third].map(({ closed }) => closed)).toEqual([false, false, false]);
  });

  it('all can be cut', async () => {
    const all = [await open(), await open()];
    const gone = all.map(closed);
    connections.destroy();
    await Promise.all(gone);
  });
});
