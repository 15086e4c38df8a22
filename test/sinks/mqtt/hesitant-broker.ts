import { createServer, type Server, type Socket } from 'node:net';

/** Types of packets: "MQTT Version 3.1.1", table 2.1. */
const CONNECT = 1;
const PUBLISH = 3;
const PUBREL = 6;
const SUBSCRIBE = 8;
const UNSUBSCRIBE = 10;
const PINGREQ = 12;

interface Packet {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

export interface Taken {
  readonly topic: string;
  readonly payload: string;
}

interface Waiting extends Taken {
  readonly id: number;
  readonly qos: number;
}

/** A broker of MQTT 3.1.1, one client at a time, which acknowledges only when, and in what order, it is told to. */
export class HesitantBroker {
  url = '';
  /** All that it received, in order. */
  readonly received: Taken[] = [];
  /** What it has told a client that it has. */
  readonly taken: Taken[] = [];
  #waiting: Waiting[] = [];
  #acknowledged: Buffer[] = [];
  #socket: Socket | undefined;
  readonly #server: Server = createServer((socket) => this.#open(socket));

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    this.url = `mqtt://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#socket?.destroy();
    await closed;
  }

  /** Acknowledges what waits: each, every second, … */
  take(every = 1): void {
    const rest: Waiting[] = [];
    for (const [i, one] of this.#waiting.entries()) {
      if (i % every !== 0) rest.push(one);
      else {
        this.taken.push(one);
        this.#acknowledge(acknowledgement(one.qos === 2 ? 5 : 4, one.id));
      }
    }
    this.#waiting = rest;
  }

  /** Acknowledges once more what it has acknowledged. */
  repeat(): void {
    for (const packet of this.#acknowledged) this.#socket?.write(packet);
  }

  /** Ends the connection: after what was written last, or in the midst of it. */
  cut(how: 'end' | 'reset'): void {
    if (how === 'end') this.#socket?.end();
    else this.#socket?.resetAndDestroy();
  }

  #open(socket: Socket): void {
    this.#socket = socket;
    this.#waiting = [];
    this.#acknowledged = [];
    let buffer = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      buffer = Buffer.concat([buffer, data]);
      for (;;) {
        const length = packetLength(buffer);
        if (length === undefined || buffer.length < length.end) return;
        const [first = 0] = buffer;
        this.#take({ type: first >> 4, flags: first & 0x0f, body: buffer.subarray(length.begin, length.end) }, socket);
        buffer = buffer.subarray(length.end);
      }
    });
  }

  #take({ type, flags, body }: Packet, socket: Socket): void {
    if (socket !== this.#socket) return;
    if (type === CONNECT) socket.write(Buffer.from([0x20, 2, 0, 0]));
    else if (type === PINGREQ) socket.write(Buffer.from([0xd0, 0]));
    else if (type === SUBSCRIBE) socket.write(subscribed(body));
    else if (type === UNSUBSCRIBE) socket.write(acknowledgement(11, body.readUInt16BE()));
    else if (type === PUBREL) this.#acknowledge(acknowledgement(7, body.readUInt16BE()));
    else if (type === PUBLISH) this.#published(flags, body);
  }

  #published(flags: number, body: Buffer): void {
    const behind = 2 + body.readUInt16BE();
    const topic = body.toString('utf8', 2, behind);
    const payload = body.toString('utf8', behind + 2);
    const id = body.readUInt16BE(behind);
    this.received.push({ topic, payload });
    this.#waiting.push({ topic, payload, id, qos: (flags >> 1) & 3 });
  }

  #acknowledge(packet: Buffer): void {
    this.#acknowledged.push(packet);
    this.#socket?.write(packet);
  }
}

function acknowledgement(type: number, id: number): Buffer {
  return Buffer.from([type << 4, 2, id >> 8, id & 0xff]);
}

/** Grants each filter of a SUBSCRIBE quality of service 0. */
function subscribed(body: Buffer): Buffer {
  let filters = 0;
  for (let at = 2; at < body.length; at += 2 + body.readUInt16BE(at) + 1) filters++;
  return Buffer.from([0x90, 2 + filters, body[0] ?? 0, body[1] ?? 0, ...Array(filters).fill(0)]);
}

/** Where the body of the first packet begins and ends; undefined where its length is not there yet. */
function packetLength(buffer: Buffer): { begin: number; end: number } | undefined {
  let length = 0;
  for (let at = 1; at < buffer.length; at++) {
    const byte = buffer[at] ?? 0;
    length += (byte & 0x7f) << (7 * (at - 1));
    if (byte < 0x80) return { begin: at + 1, end: at + 1 + length };
  }
  return undefined;
}
