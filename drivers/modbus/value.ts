import { bad, type RecordValue } from '../../src/index.ts';
import type { Block } from './blocks.ts';
import type { NumberFormat, ReadPoint, WordOrder } from './options.ts';
import { tables } from './question.ts';

/** The values of a block's channels out of the data that answered it. */
export function valuesOf(block: Block<ReadPoint>, data: Buffer): Record<string, RecordValue> {
  const values: Record<string, RecordValue> = {};
  for (const point of block.points) {
    const index = point.start - block.start;
    values[point.id] = tables[block.table].isBits
      ? hasBit(data[index >> 3] ?? 0, index & 7)
      : registerValue(point, data.subarray(2 * index, 2 * (index + point.width)));
  }
  return values;
}

function registerValue({ format, order, bit, scale, offset }: ReadPoint, registers: Buffer): RecordValue {
  if (bit !== undefined) return hasBit(registers.readUInt16BE(), bit);
  const raw = numberOf(format, inOrder(registers, order));
  if (raw === undefined) return bad('invalid');
  return scaled(raw, scale) + offset;
}

function hasBit(bits: number, bit: number): boolean {
  return ((bits >> bit) & 1) === 1;
}

/** The bytes from the highest to the lowest. A single register has always its high byte first. */
function inOrder(registers: Buffer, order: WordOrder): Buffer {
  if (registers.length === 2 || order === 'ABCD') return registers;
  const ordered = Buffer.from(registers);
  if (order !== 'CDAB') ordered.swap16();
  if (order === 'BADC') return ordered;
  const words: Buffer[] = [];
  for (let at = 0; at < ordered.length; at += 2) words.unshift(ordered.subarray(at, at + 2));
  return Buffer.concat(words);
}

/** Undefined where it is no number, or an integer that a double cannot hold. */
function numberOf(format: NumberFormat, bytes: Buffer): number | undefined {
  switch (format) {
    case 'int16':
      return bytes.readInt16BE();
    case 'uint16':
      return bytes.readUInt16BE();
    case 'int32':
      return bytes.readInt32BE();
    case 'uint32':
      return bytes.readUInt32BE();
    case 'int64':
      return exact(bytes.readBigInt64BE());
    case 'uint64':
      return exact(bytes.readBigUInt64BE());
    case 'float32':
      return finite(shortest(bytes.readFloatBE()));
    case 'float64':
      return finite(bytes.readDoubleBE());
  }
}

function exact(value: bigint): number | undefined {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/** The shortest decimal number that is this one in single precision: 230.2, which a double would show as 230.19999694824. */
function shortest(single: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const decimal = Number(single.toPrecision(digits));
    if (Math.fround(decimal) === single) return decimal;
  }
  return single;
}

/** 305 tenths are 30.5 and not 30.500000000000004: where the scale is one part of a whole, it is divided by. */
function scaled(raw: number, scale: number): number {
  const parts = 1 / scale;
  return Number.isInteger(parts) ? raw / parts : raw * scale;
}
