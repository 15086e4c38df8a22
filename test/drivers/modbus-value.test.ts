import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planBlocks } from '../../drivers/modbus/blocks.ts';
import { modbusOptions, pointsOf } from '../../drivers/modbus/options.ts';
import { valuesOf } from '../../drivers/modbus/value.ts';
import { Bad } from '../../src/instrument/index.ts';
import { plain } from './harness.ts';

/** The values of the channels, all in one block, that these bytes are. */
function read(channels: Record<string, unknown>, bytes: string | Buffer, wordOrder = 'ABCD'): Record<string, unknown> {
  const options = modbusOptions.parse({ wordOrder, channels });
  const [block, ...others] = planBlocks(pointsOf(options), options);
  expect(others).toEqual([]);
  const data = typeof bytes === 'string' ? Buffer.from(bytes.replaceAll(' ', ''), 'hex') : bytes;
  return block ? plain(valuesOf(block, data)) : {};
}

const one = (channel: object, bytes: string): unknown => read({ v: { input: 0, ...channel } }, bytes).v;

describe('registers', () => {
  test.each([
    ['uint16', 'FF C9', 65_481],
    ['int16', 'FF C9', -55],
    ['int16', '80 00', -32_768],
    ['uint32', 'AE 41 56 52', 2_923_517_522],
    ['int32', 'FF FF FF FB', -5],
    ['float32', '43 66 33 33', 230.2],
    ['float32', '43 66 33 34', 230.20001],
    ['float32', '41 E5 AE 14', 28.71],
    ['float32', 'AE 41 56 52', -4.3959787e-11],
    ['float32', '80 00 00 00', 0],
    ['float64', '3F F1 99 99 99 99 99 9A', 1.1],
    ['int64', 'FF FF FF FF FF FF FF FC', -4],
    ['uint64', '00 1F FF FF FF FF FF FF', Number.MAX_SAFE_INTEGER],
  ])('as %s: %s', (as, bytes, value) => {
    expect(one({ as }, bytes)).toBe(value);
  });

  test.each([
    ['float32', '7F C0 00 00'],
    ['float32', '7F 80 00 00'],
    ['float32', 'FF 80 00 00'],
    ['float64', '7F F8 00 00 00 00 00 00'],
    ['uint64', '00 20 00 00 00 00 00 00'],
    ['uint64', 'FF FF FF FF FF FF FF FF'],
    ['int64', '80 00 00 00 00 00 00 00'],
  ])('that are no number, or none that can be held exactly, are invalid: %s %s', (as, bytes) => {
    expect(one({ as }, bytes)).toBe('<invalid>');
  });

  test.each([
    ['ABCD', '11 22 33 44'],
    ['CDAB', '33 44 11 22'],
    ['BADC', '22 11 44 33'],
    ['DCBA', '44 33 22 11'],
  ])('in the order %s', (order, bytes) => {
    expect(one({ as: 'uint32', order }, bytes)).toBe(0x11223344);
    expect(read({ v: { input: 0, as: 'uint32' } }, bytes, order).v).toBe(0x11223344);
  });

  test('of 64 bits are turned round whole', () => {
    expect(one({ as: 'uint64', order: 'CDAB' }, '77 88 55 66 33 44 00 02')).toBe(0x0002334455667788);
    expect(one({ as: 'uint64', order: 'DCBA' }, '88 77 66 55 44 33 02 00')).toBe(0x0002334455667788);
    expect(one({ as: 'uint64', order: 'BADC' }, '02 00 44 33 66 55 88 77')).toBe(0x0002334455667788);
  });

  test('of 16 bits do not follow the word order', () => {
    expect(read({ v: { input: 0 } }, '12 34', 'DCBA').v).toBe(0x1234);
  });

  test('are scaled to the digit', () => {
    expect(read({ t: { input: 1, as: 'int16', scale: 0.1 }, h: { input: 2, scale: 0.1 } }, '01 31 02 22')).toEqual({
      t: 30.5,
      h: 54.6,
    });
    expect(one({ as: 'int16', scale: 0.1 }, 'FF C9')).toBe(-5.5);
    expect(one({ scale: 0.001, offset: -1 }, '0B B8')).toBe(2);
    expect(one({ scale: 10 }, '00 03')).toBe(30);
    expect(one({ scale: -0.5 }, '00 03')).toBe(-1.5);
    for (let raw = 0; raw < 1000; raw++) {
      expect(one({ scale: 0.01 }, raw.toString(16).padStart(4, '0'))).toBe(Number((raw / 100).toFixed(2)));
    }
  });

  test('of single precision keep their value to the last bit', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const bytes = Buffer.alloc(4);
        bytes.writeFloatBE(value);
        expect(Math.fround(one({ as: 'float32' }, bytes.toString('hex')) as number)).toBe(value + 0);
      }),
    );
  });

  test('have bits, each a channel, 0 the lowest', () => {
    const flags = Object.fromEntries([0, 4, 15].map((bit) => [`b${bit}`, { holding: 16, bit }]));
    expect(read({ all: { holding: 16 }, ...flags }, '80 10')).toEqual({ all: 0x8010, b0: false, b4: true, b15: true });
  });
});

test('coils and discrete inputs come eight to the byte, the lowest first', () => {
  const channels = Object.fromEntries(
    Array.from({ length: 22 }, (_, index) => [`c${index}`, { discrete: 196 + index }]),
  );
  const values = Object.values(read(channels, 'AC DB 35'));
  expect(values.map(Number).join('')).toBe('0011010111011011101011');
});

test('any bytes of the right length are values or invalid', () => {
  const formats = ['int16', 'uint16', 'int32', 'uint32', 'float32', 'int64', 'uint64', 'float64'];
  const channels = Object.fromEntries(formats.map((as, index) => [as, { input: 4 * index, as }]));
  const options = modbusOptions.parse({ gap: 4, channels });
  const [block] = planBlocks(pointsOf(options), options);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (bytes) => {
      for (const value of Object.values(block ? valuesOf(block, Buffer.from(bytes)) : {})) {
        expect(value instanceof Bad || Number.isFinite(value)).toBe(true);
      }
    }),
  );
});
