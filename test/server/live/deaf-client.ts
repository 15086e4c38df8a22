import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A socket.io client over a bare websocket that greets and then never reads. */
export interface DeafClient {
  readonly socket: Socket;
  /** Sends a packet of socket.io, e.g. `20["get_value","a"]`. False when the system takes no more. */
  send(packet: string): boolean;
  close(): void;
}

export async function deafClient(address: string): Promise<DeafClient> {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(
    'GET /ws/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n' +
      `Host: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  await heard(socket, '"sid"');
  const send = (packet: string): boolean => socket.write(frame(`4${packet}`));
  send('0');
  await heard(socket, '40{');
  socket.pause();
  return { socket, send, close: () => socket.destroy() };
}

async function heard(socket: Socket, words: string): Promise<void> {
  let text = '';
  while (!text.includes(words)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text += chunk.toString('latin1');
  }
}

/** A masked text frame (RFC 6455), its mask zero. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : payload.length < 65_536
        ? Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff])
        : Buffer.concat([Buffer.from([0x81, 0xff]), Buffer.alloc(8)]);
  if (payload.length >= 65_536) head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}
