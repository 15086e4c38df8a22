import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LabwireError, MEMBER } from '../../src/base/index.ts';
import { checkValue, command, DataService, reading, setting } from '../../src/service/index.ts';
import { byHand, never } from '../task/bench.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('a setting', () => {
  it('takes a value that fits, within the same tick', async () => {
    const gain = setting(1, { minimum: 0, maximum: 10 });
    const set = gain.set(5);
    expect(gain.value).toBe(5);
    await set;
  });

  it.each([
    [setting(1, { minimum: 0, maximum: 10, unit: 'V' }), -1, 'takes a number from 0 to 10 V, not -1'],
    [setting(1, { minimum: 0 }), -0.1, 'a number of at least 0, not -0.1'],
    [setting(1, { maximum: 2, unit: 'K' }), 3, 'a number of at most 2 K, not 3'],
    [setting(1), Number.NaN, 'not NaN'],
    [setting(1), Number.POSITIVE_INFINITY, 'not Infinity'],
    [setting(1), '5', 'a number, not "5"'],
    [setting(1), null, 'not null'],
    [setting(1, { type: 'integer' }), 1.5, 'a whole number, not 1.5'],
    [setting('a'), 5, 'a text, not 5'],
    [setting(true), 1, 'true or false, not 1'],
    [setting('low', { options: ['low', 'high'] }), 'nonsense', 'one of "low", "high", not "nonsense"'],
    [setting(1, { options: [1, 2] }), '1', 'one of 1, 2, not "1"'],
    [setting('a'), { toString: () => 'a' }, 'not an object'],
  ])('refuses what does not fit, and says what does (%#)', async (member, value, message) => {
    const before = member.value;
    await expect(member.set(value as never)).rejects.toThrow(message);
    await expect(member.set(value as never)).rejects.toMatchObject({ code: 'VALUE_INVALID' });
    expect(member.value).toBe(before);
  });

  it('names itself once its service is made', async () => {
    class Oven extends DataService {
      readonly power = setting(1, { maximum: 5 });
    }
    const oven = new Oven();
    await Promise.resolve();
    await expect(oven.power.set(6)).rejects.toThrow('Setting power takes a number of at most 5, not 6');
  });

  it('refuses a first value that does not fit', () => {
    expect(() => setting(5, { maximum: 4 })).toThrow('VALUE_INVALID');
    expect(() => setting(undefined as never)).toThrow('VALUE_INVALID');
    expect(() => setting('c' as never, { options: ['a', 'b'] })).toThrow('VALUE_INVALID');
  });

  it('writes to the instrument first, and takes what the instrument says', async () => {
    const sent: number[] = [];
    const power = setting(0, {
      write: async (value) => sent.push(value),
      read: async () => (sent.at(-1) ?? 0) + 0.001,
    });
    const told: unknown[] = [];
    power[MEMBER].onChange((attribute, value) => told.push([attribute, value]));
    const set = power.set(5);
    expect(power.value).toBe(0);
    await set;
    expect([sent, power.value, told]).toEqual([[5], 5.001, [['', 5.001]]]);
  });

  it('keeps its last value when the instrument refuses, or says what cannot be', async () => {
    const refusing = setting(1, { write: () => Promise.reject(new Error('locked')) });
    await expect(refusing.set(2)).rejects.toThrow('locked');
    const lying = setting('low', { options: ['low', 'high'], write: async () => {}, read: async () => 'garbage' });
    await expect(lying.set('high')).rejects.toThrow('VALUE_INVALID');
    expect([refusing.value, lying.value]).toEqual([1, 'low']);
  });

  it('writes one value at a time, in order, each with its reading back', async () => {
    const log: string[] = [];
    const gates = [byHand(), byHand()];
    const power = setting(0, {
      write: async (value) => {
        log.push(`write ${value}`);
        await gates[value - 1]?.promise;
      },
      read: async () => {
        log.push('read');
        return 7;
      },
    });
    const sets = [power.set(1), power.set(2)];
    gates[1]?.resolve();
    await new Promise(setImmediate);
    expect(log).toEqual(['write 1']);
    gates[0]?.resolve();
    await Promise.all(sets);
    expect(log).toEqual(['write 1', 'read', 'write 2', 'read']);
  });

  it('gives the next one its turn when an instrument does not answer within 10 s', async () => {
    vi.useFakeTimers();
    const sent: number[] = [];
    const power = setting(0, {
      write: (value) => {
        sent.push(value);
        return value === 1 ? never() : undefined;
      },
    });
    const stuck = power.set(1);
    const next = power.set(2);
    const failed = expect(stuck).rejects.toMatchObject({ code: 'TIMEOUT' });
    await vi.advanceTimersByTimeAsync(9_999);
    expect(sent).toEqual([1]);
    await vi.advanceTimersByTimeAsync(2);
    await failed;
    await next;
    expect([sent, power.value, vi.getTimerCount()]).toEqual([[1, 2], 2, 0]);
  });

  it('refuses more than its queue holds', async () => {
    const gate = byHand();
    const power = setting(0, { write: () => gate.promise });
    const sets = Array.from({ length: 64 }, (_, index) => power.set(index));
    await expect(power.set(99)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    gate.resolve();
    await Promise.all(sets);
    await power.set(99);
    expect(power.value).toBe(99);
  });

  it('that can only be read is read-only, and is read on request', async () => {
    let answer = 5;
    const serial = setting(0, { read: async () => answer });
    await expect(serial.set(1)).rejects.toMatchObject({ code: 'VALUE_READ_ONLY' });
    await serial[MEMBER].refresh();
    expect(serial.value).toBe(5);
    answer = Number.NaN;
    await expect(serial[MEMBER].refresh()).rejects.toMatchObject({ code: 'VALUE_INVALID' });
    expect([serial[MEMBER].belongsToInstrument, serial[MEMBER].writable]).toEqual([true, false]);
    expect([setting(1)[MEMBER].belongsToInstrument, setting(1)[MEMBER].writable]).toEqual([false, true]);
  });
});

describe('a reading', () => {
  it('is null at first and takes what its owner assigns', () => {
    const temperature = reading({ unit: '°C' });
    expect(temperature.value).toBeNull();
    temperature.value = 21.5;
    expect(temperature.value).toBe(21.5);
    temperature.value = null;
    expect(temperature.value).toBeNull();
  });

  it.each([
    [reading(), 'warm'],
    [reading(), Number.NaN],
    [reading(), undefined],
    [reading({ type: 'integer' }), 1.5],
    [reading({ type: 'text' }), 5],
    [reading({ type: 'boolean' }), 0],
  ])('refuses a value of a wrong type (%#)', (member, value) => {
    expect(() => {
      member.value = value as never;
    }).toThrow('VALUE_INVALID');
    expect(member.value).toBeNull();
  });
});

describe('a command', () => {
  const called: unknown[] = [];
  const ramp = command(
    {
      tier: 'stateful',
      parameters: {
        to: { type: 'number', unit: 'K', minimum: 0, maximum: 300 },
        steps: { type: 'integer', default: 10 },
        mode: { type: 'enum', options: ['slow', 'fast'], default: 'slow' },
      },
    },
    async (named) => {
      called.push(named);
      return named.to;
    },
  );

  it('gets its arguments by name, defaults filled in', async () => {
    expect(await ramp({ to: 5 })).toBe(5);
    expect(await ramp({ to: 6, steps: 2, mode: 'fast' })).toBe(6);
    expect(called).toEqual([
      { to: 5, steps: 10, mode: 'slow' },
      { to: 6, steps: 2, mode: 'fast' },
    ]);
  });

  it.each([
    [{}, 'needs the argument to'],
    [{ to: 'x' }, 'argument to, takes a number from 0 to 300 K, not "x"'],
    [{ to: 301 }, 'not 301'],
    [{ to: 5, steps: 1.5 }, 'argument steps, takes a whole number'],
    [{ to: 5, steps: null }, 'not null'],
    [{ to: 5, mode: 'medium' }, 'one of "slow", "fast"'],
    [{ to: 5, wrong: 1 }, 'has no argument "wrong"; its arguments: to, steps, mode'],
    [JSON.parse('{"to": 5, "__proto__": {}}'), 'has no argument "__proto__"'],
    [5, 'one object of named arguments, not 5'],
    [null, 'not null'],
    [[5], 'not an array'],
  ])('refuses %j', async (named, message) => {
    called.length = 0;
    await expect(ramp(named as never)).rejects.toThrow(message);
    expect(called).toEqual([]);
  });

  it('rejects with what its function throws, also within the call', async () => {
    const broken = command({}, () => {
      throw new Error('valve stuck');
    });
    await expect(broken()).rejects.toThrow('valve stuck');
  });

  it('refuses a default that does not fit', () => {
    expect(() => command({ parameters: { to: { type: 'number', default: 5, maximum: 4 } } }, () => {})).toThrow(
      'VALUE_INVALID',
    );
  });
});

it('checkValue throws nothing but VALUE_INVALID, whatever it is given', () => {
  const rules = fc.record({
    type: fc.constantFrom('number', 'integer', 'text', 'boolean', 'enum'),
    minimum: fc.option(fc.integer(), { nil: undefined }),
    maximum: fc.option(fc.integer(), { nil: undefined }),
    options: fc.option(fc.array(fc.string()), { nil: undefined }),
  });
  fc.assert(
    fc.property(rules as fc.Arbitrary<never>, fc.anything({ withNullPrototype: true }), (given, value) => {
      try {
        checkValue('It', given, value);
      } catch (error) {
        expect(error).toBeInstanceOf(LabwireError);
        expect((error as LabwireError).code).toBe('VALUE_INVALID');
      }
    }),
  );
});
