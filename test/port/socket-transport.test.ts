import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tcpTransport } from '../../src/port/index.ts';
import { eventually } from './eventually.ts';

const never = new AbortController().signal;

describe('tcpTransport', () => {
  let server: Server;
  let sockets: Socket[];
  let port: number;

  beforeEach(async () => {
    sockets = [];
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('passes bytes both ways', async () => {
    let received = '';
    const data = (bytes: Buffer): void => {
      received += bytes.toString();
    };
    const transport = tcpTransport('127.0.0.1', port);
    expect(transport.name).toBe(`tcp://127.0.0.1:${port}`);
    const connection = await transport.open({ data, lost: () => {} }, never);
    await connection.write(Buffer.from('question'));
    await eventually(() => sockets[0]?.bytesRead === 8, 'the question');
    sockets[0]?.write('answer');
    await eventually(() => received === 'answer', 'the answer');
    await connection.close();
    await connection.close();
    await expect(connection.write(Buffer.from('x'))).rejects.toThrow('PORT_CLOSED');
    await expect(connection.flush()).rejects.toThrow('PORT_CLOSED');
  });

  it.each(['end', 'resetAndDestroy'] as const)('tells once that the other side is gone (%s)', async (way) => {
    const losses: Error[] = [];
    const connection = await tcpTransport('127.0.0.1', port).open(
      { data: () => {}, lost: (error) => losses.push(error) },
      never,
    );
    await eventually(() => sockets.length === 1, 'the connection');
    sockets[0]?.[way]();
    await eventually(() => losses.length === 1, 'the loss');
    await connection.close();
    expect(losses).toHaveLength(1);
    expect(losses[0]?.message).toContain('PORT_FAILED');
  });

  it('says what to look at when nothing listens there, or the host is unknown', async () => {
    await new Promise((resolve) => server.close(resolve));
    const ignore = { data: () => {}, lost: () => {} };
    await expect(tcpTransport('127.0.0.1', port).open(ignore, never)).rejects.toThrow(
      /refuses the connection.*PORT_ABSENT/,
    );
    await expect(tcpTransport('256.256.256.256', port).open(ignore, never)).rejects.toThrow(/PORT_(ABSENT|FAILED)/);
  });

  it('gives the connecting up when it is told so', async () => {
    const abort = new AbortController();
    const ignore = { data: () => {}, lost: () => {} };
    // TEST-NET-1 of RFC 5737: nobody answers there.
    const opening = tcpTransport('192.0.2.1', 4001).open(ignore, abort.signal);
    abort.abort();
    await expect(opening).rejects.toThrow('ABORTED');
    await expect(tcpTransport('127.0.0.1', port).open(ignore, abort.signal)).rejects.toThrow('ABORTED');
  });
});
