import { type Framing, lines } from '../../src/index.ts';

/** Characters of the longest frame without CR LF (Modbus over Serial Line 1.02, 2.5.2). */
const LONGEST = 511;

const line = lines({ receive: '\r\n', send: '\r\n', maxLength: LONGEST });

/**
 * Modbus ASCII: a colon, the bytes as hexadecimal digits, the LRC, CR LF. What is no such line is dropped: `noise` before
 * the colon, `invalid` what has other characters, `checksum`.
 */
export function asciiFraming(): Framing {
  return {
    encode: line.encode,
    createFramer: (onFrame, onDrop, clock) =>
      line.createFramer(
        (frame) => {
          const colon = frame.text.lastIndexOf(':');
          const noise = colon < 0 ? frame.text.length : colon;
          if (noise > 0) onDrop('noise', noise);
          if (colon < 0) return;
          const text = frame.text.slice(colon);
          const bytes = bytesOf(text);
          if (!bytes) onDrop('invalid', text.length);
          else if (!isWhole(bytes)) onDrop('checksum', text.length);
          else onFrame({ ...frame, text });
        },
        onDrop,
        clock,
      ),
  };
}

function bytesOf(text: string): Buffer | undefined {
  return /^:(?:[0-9A-Fa-f]{2}){4,}$/.test(text) ? Buffer.from(text.slice(1), 'hex') : undefined;
}

/** The sum of all bytes, the LRC included, is 0. */
function isWhole(bytes: Buffer): boolean {
  return sum(bytes) === 0;
}

function sum(bytes: Buffer): number {
  return bytes.reduce((total, byte) => (total + byte) & 0xff, 0);
}

/** The frame of a message, without CR LF. */
export function toAscii(message: Buffer): string {
  const lrc = -sum(message) & 0xff;
  return `:${Buffer.from([...message, lrc])
    .toString('hex')
    .toUpperCase()}`;
}

/** The bytes before the LRC; undefined where it is wrong or the frame has other characters. */
export function fromAscii(text: string): Buffer | undefined {
  const bytes = bytesOf(text);
  return bytes && isWhole(bytes) ? bytes.subarray(0, -1) : undefined;
}
