/** How requests and answers are framed, from the instrument's side: bytes are address, function and data. */
export interface ModbusWire {
  /**
   * Takes the first request out of what was received: its bytes, if there is a whole one, and what is left to look at.
   */
  next(received: Buffer): { readonly request?: Buffer; readonly rest: Buffer };
  frame(message: Buffer): Buffer;
}

/** Requests of the functions 1 to 6 have 8 bytes with their CRC; a longer one is none that this instrument knows. */
const REQUEST = 8;
const CR_LF = Buffer.from('\r\n');

/** CRC-16 with polynomial 0xA001 and initial value 0xFFFF, bit by bit. */
function crc(bytes: Buffer): number {
  let remainder = 0xffff;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xa001 : remainder >>> 1;
  }
  return remainder;
}

export const rtuWire: ModbusWire = {
  next(received) {
    for (let start = 0; start + REQUEST <= received.length; start++) {
      const message = received.subarray(start, start + REQUEST - 2);
      const end = start + REQUEST;
      if (received.readUInt16LE(end - 2) === crc(message)) return { request: message, rest: received.subarray(end) };
    }
    return { rest: received.subarray(Math.max(0, received.length - REQUEST + 1)) };
  },
  frame(message) {
    const check = Buffer.alloc(2);
    check.writeUInt16LE(crc(message));
    return Buffer.concat([message, check]);
  },
};

const LONGEST_ASCII = 513;

export const asciiWire: ModbusWire = {
  next(received) {
    let rest = received;
    for (let end = rest.indexOf(CR_LF); end >= 0; end = rest.indexOf(CR_LF)) {
      const [, digits = ''] = /:([0-9A-F]+)$/i.exec(rest.toString('latin1', 0, end)) ?? [];
      rest = rest.subarray(end + CR_LF.length);
      const bytes = Buffer.from(digits, 'hex');
      const total = bytes.reduce((sum, byte) => sum + byte, 0);
      if (bytes.length === REQUEST - 1 && total % 256 === 0) return { request: bytes.subarray(0, -1), rest };
    }
    return { rest: rest.subarray(-LONGEST_ASCII) };
  },
  frame(message) {
    const total = message.reduce((sum, byte) => sum + byte, 0);
    const check = (256 - (total % 256)) % 256;
    return Buffer.from(
      `:${Buffer.concat([message, Buffer.from([check])])
        .toString('hex')
        .toUpperCase()}\r\n`,
    );
  },
};
