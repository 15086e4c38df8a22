import crc16modbus from 'crc/calculators/crc16modbus';
import { type Framing, packets } from '../../src/index.ts';

/** Longest frame of a serial line (Modbus over Serial Line 1.02, 2.5.1). */
const LONGEST = 256;

/**
 * The standard's 3.5 characters of silence are lost where a USB adapter gathers bytes for 16 ms, or a network passes them
 * on. Frames are known by length and CRC; the silence has but to end what is damaged.
 */
const SILENCE_MS = 100;

/** A request, or the answer to a single write. */
const SHORT = 8;

/** Characters of silence between two frames, and the least time of it (Modbus over Serial Line 1.02, 2.5.1.1). */
const PAUSE_CHARACTERS = 3.5;
const LEAST_PAUSE_MS = 1.75;

/**
 * Modbus RTU: address, function, data and CRC. Questions on the line (the echo of a two-wire adapter) are frames too, so
 * that they can be told from answers.
 */
export function rtuFraming(): Framing {
  return {
    ...packets({ measure, isWhole, maxLength: LONGEST, silenceMs: SILENCE_MS }),
    pauseMs: (characterMs) => Math.max(PAUSE_CHARACTERS * characterMs, LEAST_PAUSE_MS),
  };
}

/** What begins with 0 or 255 is no answer: these bytes are what a line says while its direction is turned round. */
function isAddress(address: number): boolean {
  return address > 0 && address < 255;
}

function measure(bytes: Buffer): number | readonly number[] {
  const [address = 0, code, third] = bytes;
  if (!isAddress(address)) return -1;
  if (code === undefined) return 0;
  switch (code) {
    case 1:
    case 2:
      if (third === undefined) return 0;
      return third > 0 && third <= 250 ? [5 + third, SHORT] : SHORT;
    case 3:
    case 4:
      if (third === undefined) return 0;
      return third > 0 && third <= 250 && third % 2 === 0 ? [5 + third, SHORT] : SHORT;
    case 5:
    case 6:
      return SHORT;
    case 15:
    case 16:
      return bytes.length < 7 ? 0 : [SHORT, 9 + (bytes[6] ?? 0)];
    case 0x81:
    case 0x82:
    case 0x83:
    case 0x84:
    case 0x85:
    case 0x86:
    case 0x8f:
    case 0x90:
      return 5;
    default:
      return -1;
  }
}

function isWhole(frame: Buffer): boolean {
  return frame.length > 3 && frame.readUInt16LE(frame.length - 2) === crc16modbus(frame.subarray(0, -2));
}

/** Appends the CRC, low byte first. */
export function toRtu(message: Buffer): string {
  const crc = crc16modbus(message);
  return message.toString('latin1') + String.fromCharCode(crc & 0xff, crc >> 8);
}

/** The bytes before the CRC; undefined where it is wrong. */
export function fromRtu(text: string): Buffer | undefined {
  const frame = Buffer.from(text, 'latin1');
  return isWhole(frame) ? frame.subarray(0, -2) : undefined;
}
