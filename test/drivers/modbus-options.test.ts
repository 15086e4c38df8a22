import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Modbus } from '../../drivers/index.ts';
import { planBlocks } from '../../drivers/modbus/blocks.ts';
import { modbusOptions, pointsOf, range } from '../../drivers/modbus/options.ts';

function issues(section: unknown): string[] {
  const result = modbusOptions.safeParse(section);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
}

const channels = (all: Record<string, unknown>): { channels: Record<string, unknown> } => ({ channels: all });

describe('the section modbus', () => {
  test('needs nothing but its channels', () => {
    expect(modbusOptions.parse(channels({ t: { input: 1 } }))).toEqual({
      mode: 'rtu',
      wordOrder: 'ABCD',
      gap: 0,
      longest: 125,
      channels: { t: { input: 1 } },
    });
    expect(issues(channels({}))).toEqual(['channels needs at least one channel']);
    expect(issues(undefined)).toHaveLength(1);
  });

  test.each([
    [{}, 't needs one of input, holding, coil and discrete, and not more than one'],
    [{ input: 1, coil: 1 }, 't needs one of input, holding, coil and discrete, and not more than one'],
    [{ coil: 1, as: 'int16' }, 't.as is for registers: a coil is one bit'],
    [{ discrete: 1, bit: 1 }, 't.bit is for registers: a discrete is one bit already'],
    [{ coil: 1, scale: 0.1 }, 't.scale is for numbers: this is one bit'],
    [{ holding: 1, bit: 1, offset: 1 }, 't.offset is for numbers: this is one bit'],
    [{ holding: 1, bit: 1, type: 'number' }, 't.type must be boolean: this is one bit'],
    [{ holding: 1, bit: 1, as: 'int32' }, 't.as must have 16 bits where one bit is meant'],
    [{ holding: 1, order: 'CDAB' }, 't.order is for values of 32 and 64 bits'],
    [{ holding: 1, type: 'text' }, 't.type must be number or integer, which is what registers hold'],
    [
      { holding: 1, type: 'boolean' },
      't.type must be number or integer, which is what registers hold; for one bit of a register say which, with "bit"',
    ],
    [{ holding: 65_535, as: 'float32' }, 't.holding begins so late that its 2 registers end behind the last, 65535'],
    [{ holding: 1, scale: 0 }, 't.scale must not be 0'],
  ])('says what is wrong with %j', (channel, message) => {
    expect(issues(channels({ t: channel }))).toEqual([`channels.${message}`]);
  });

  test('refuses addresses that no register has, bits of no register, and unknown keys', () => {
    for (const channel of [
      { input: -1 },
      { input: 65_536 },
      { input: 1.5 },
      { input: 1, bit: 16 },
      { input: 1, as: 'int8' },
    ])
      expect(issues(channels({ t: channel }))).toHaveLength(1);
    expect(issues(channels({ t: { input: 1, factor: 2 } }))).toHaveLength(1);
  });

  test('refuses channels whose registers overlap, but for different bits of one register', () => {
    expect(issues(channels({ voltage: { input: 0, as: 'float32' }, current: { input: 1, as: 'float32' } }))).toEqual([
      'channels.current.input overlaps with the channel voltage, which is in input registers 0 to 1',
    ]);
    expect(issues(channels({ a: { coil: 3 }, b: { coil: 3 } }))).toEqual([
      'channels.b.coil overlaps with the channel a, which is in coil 3',
    ]);
    const bits = { flags: { holding: 16 }, a: { holding: 16, bit: 0 }, b: { holding: 16, bit: 1 } };
    expect(issues(channels(bits))).toEqual([]);
    expect(issues(channels({ ...bits, c: { holding: 16, bit: 1 } }))).toHaveLength(1);
    expect(issues(channels({ a: { input: 0, as: 'int32' }, b: { holding: 1 }, c: { input: 2 } }))).toEqual([]);
  });

  test('refuses a channel that no question is long enough for', () => {
    expect(issues({ longest: 3, ...channels({ e: { input: 0, as: 'uint64' } }) })).toEqual([
      'channels.e.input needs 4 registers in one question, and longest is 3',
    ]);
  });

  test('has the facts of its channels alone, bits as booleans', () => {
    const section = modbusOptions.parse(
      channels({
        voltage: {
          input: 0,
          as: 'float32',
          scale: 0.1,
          unit: 'V',
          quantity: 'voltage',
          range: [0, 300],
          label: 'Mains',
        },
        relay: { coil: 3 },
        alarm: { holding: 16, bit: 4, label: 'Alarm' },
        count: { input: 9, type: 'integer' },
      }),
    );
    expect(Modbus.channelsFrom(section)).toEqual({
      voltage: { unit: 'V', quantity: 'voltage', range: [0, 300], label: 'Mains' },
      relay: { type: 'boolean' },
      alarm: { type: 'boolean', label: 'Alarm' },
      count: { type: 'integer' },
    });
  });
});

describe('questions', () => {
  function plan(section: unknown): string[] {
    const options = modbusOptions.parse(section);
    return planBlocks(pointsOf(options), options).map(
      ({ table, start, count, points }) => `${range(table, start, count)}: ${points.map(({ id }) => id).join(' ')}`,
    );
  }

  test('join what lies side by side, in whatever order it is declared, each table by itself', () => {
    expect(
      plan(
        channels({ c: { input: 2 }, a: { input: 0, as: 'int32' }, h: { holding: 3 }, r: { coil: 8 }, s: { coil: 9 } }),
      ),
    ).toEqual(['coils 8 to 9: r s', 'holding register 3: h', 'input registers 0 to 2: a c']);
  });

  test('leave out what nobody wants, unless the gap is allowed', () => {
    const three = channels({ a: { input: 0 }, b: { input: 3 }, c: { input: 7 } });
    expect(plan(three)).toHaveLength(3);
    expect(plan({ gap: 2, ...three })).toEqual(['input registers 0 to 3: a b', 'input register 7: c']);
    expect(plan({ gap: 3, ...three })).toEqual(['input registers 0 to 7: a b c']);
  });

  test('are no longer than they may be, and cut no value', () => {
    const four = channels({
      a: { input: 0, as: 'int32' },
      b: { input: 2 },
      c: { input: 3, as: 'int32' },
      d: { input: 5 },
    });
    expect(plan({ longest: 4, ...four })).toEqual(['input registers 0 to 2: a b', 'input registers 3 to 5: c d']);
    expect(plan({ longest: 6, ...four })).toEqual(['input registers 0 to 5: a b c d']);
    const coils = channels({ a: { coil: 0 }, b: { coil: 1999 }, c: { coil: 2000 } });
    expect(plan({ gap: 125, ...coils })).toEqual(['coil 0: a', 'coils 1999 to 2000: b c']);
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, start) => [`c${start}`, { holding: start }]));
    expect(plan(channels(many)).map((text) => text.split(':')[0])).toEqual([
      'holding registers 0 to 124',
      'holding registers 125 to 249',
      'holding registers 250 to 299',
    ]);
    const bits = Object.fromEntries(Array.from({ length: 40 }, (_, start) => [`c${start}`, { coil: start }]));
    expect(plan({ longest: 1, ...channels(bits) })).toHaveLength(3);
  });

  test('read every point once, within their bounds, and no more than gaps beside', () => {
    const point = fc.record({
      table: fc.constantFrom('input' as const, 'coil' as const),
      start: fc.nat(60),
      width: fc.constantFrom(1, 2, 4),
    });
    fc.assert(
      fc.property(
        fc.array(point, { maxLength: 30 }),
        fc.nat(6),
        fc.integer({ min: 4, max: 20 }),
        (some, gap, longest) => {
          const points = some.map((each, index) => ({ id: `c${index}`, ...each }));
          const blocks = planBlocks(points, { gap, longest });
          const ids = blocks.flatMap((block) => block.points.map(({ id }) => id));
          expect(ids.toSorted()).toEqual(points.map(({ id }) => id).toSorted());
          for (const block of blocks) {
            const end = block.start + block.count;
            expect(block.count).toBeLessThanOrEqual(block.table === 'coil' ? 16 * longest : longest);
            for (const { table, start, width } of block.points) {
              expect([table, start >= block.start, start + width <= end]).toEqual([block.table, true, true]);
            }
            const wanted = (at: number): boolean =>
              block.points.some(({ start, width }) => start <= at && at < start + width);
            for (let at = block.start; at + gap < end; at++) {
              expect(Array.from({ length: gap + 1 }, (_, more) => wanted(at + more)).some(Boolean)).toBe(true);
            }
          }
        },
      ),
    );
  });

  test('are reckoned with by the bytes that they and their answers take', () => {
    const section = modbusOptions.parse(channels({ t: { input: 1 }, h: { input: 2 }, r: { coil: 0 } }));
    expect(Modbus.exchanges(section, ['t', 'h', 'r'])).toEqual([
      { sent: 8, received: 6 },
      { sent: 8, received: 9 },
    ]);
    expect(Modbus.exchanges(section, ['t'])).toEqual([{ sent: 8, received: 7 }]);
  });
});
