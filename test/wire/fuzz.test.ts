import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LabwireError, toError } from '../../src/base/index.ts';
import { DataService, setting } from '../../src/index.ts';
import { Control } from '../../src/service/index.ts';
import { nodeAt, serialise, triggerMethod, updateValue } from '../../src/wire/index.ts';
import { cpuTime } from '../cpu-time.ts';
import { anna, lab } from './lab.ts';

const types = [
  'int',
  'float',
  'bool',
  'str',
  'NoneType',
  'Quantity',
  'Enum',
  'list',
  'dict',
  'method',
  'Exception',
  'x',
];
const node = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.jsonValue(),
    fc.record({
      type: fc.oneof(fc.constantFrom(...types), fc.string()),
      value: fc.oneof(tie('any'), fc.array(tie('any')), fc.dictionary(fc.string(), tie('any'))),
    }),
    fc.record({ type: fc.constant('Quantity'), value: fc.record({ magnitude: fc.double(), unit: fc.string() }) }),
    fc.constantFrom(
      undefined,
      Number.NaN,
      Symbol('x'),
      () => 1,
      new Date(),
      JSON.parse('{"__proto__":{"type":"int"}}'),
    ),
  ),
})).any;

const word = fc.constantFrom(
  ...['magnet', 'current', 'range', 'hold', 'start', 'ramp', 'coils', 'detectors', '.', '[0]', '[1]', '["a"]', '['],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'value',
    '["__proto__"]',
    '[-1]',
    '[1e9]',
    '"',
    '\\',
    '\u0000',
  ],
);
const path = fc.oneof(
  fc.string({ maxLength: 50 }),
  fc.array(word, { maxLength: 8 }).map((words) => words.join('')),
  fc.array(word, { maxLength: 8 }).map((words) => words.join('.')),
);

/** What a call did: nothing, a value, or a refusal that is labwire's own. */
async function refusedAtMost(work: () => unknown): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (thrown) {
    const error = toError(thrown);
    expect(error).toBeInstanceOf(LabwireError);
    expect(['MEMBER_UNKNOWN', 'VALUE_INVALID', 'VALUE_READ_ONLY']).toContain((error as LabwireError).code);
    expect(error.message.length).toBeLessThan(10_000);
    return false;
  }
}

describe('whatever a client sends', () => {
  test('a path gives a node of what is exposed, or is refused', async () => {
    const { root } = lab();
    const all = JSON.stringify(serialise(root));
    await fc.assert(
      fc.asyncProperty(path, async (text) => {
        await refusedAtMost(() => {
          const { full_access_path } = nodeAt(root, text);
          if (full_access_path !== '') expect(all).toContain(JSON.stringify(full_access_path));
        });
      }),
      { numRuns: 500 },
    );
  });

  test('a value is taken or refused, and a refused one changes nothing', async () => {
    const { root, control } = lab();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(path, fc.constantFrom('magnet.current', 'magnet.range', 'magnet.name')),
        node,
        async (at, value) => {
          const before = JSON.stringify(serialise(root));
          const taken = await refusedAtMost(() => updateValue(control, at, value, anna));
          if (!taken) expect(JSON.stringify(serialise(root))).toBe(before);
        },
      ),
      { numRuns: 500 },
    );
    expect(Object.prototype).not.toHaveProperty('type');
  });

  test('arguments are taken or refused', async () => {
    const { control } = lab();
    await fc.assert(
      fc.asyncProperty(fc.oneof(path, fc.constant('magnet.ramp')), node, node, async (at, args, kwargs) => {
        await refusedAtMost(() => triggerMethod(control, at, args, kwargs, anna));
      }),
      { numRuns: 500 },
    );
  });

  test('it is refused at once, however deep or long it is', async () => {
    const { root, control } = lab();
    let deep: unknown = { type: 'int', value: 1 };
    for (let level = 0; level < 100_000; level++) deep = { type: 'list', value: [deep] };
    const long = 'x'.repeat(5_000_000);
    const spent = cpuTime();
    for (const value of [deep, { type: 'str', value: { length: 5 } }, { type: long, value: 1 }]) {
      expect(await refusedAtMost(() => updateValue(control, 'magnet.current', value, anna))).toBe(false);
    }
    for (const at of [long, '['.repeat(1e6), 'a.'.repeat(1e6), `["${'\\'.repeat(1e6)}"]`, '["'.repeat(1000)]) {
      expect(await refusedAtMost(() => nodeAt(root, at))).toBe(false);
      expect(await refusedAtMost(() => updateValue(control, at, { type: 'int', value: 1 }, anna))).toBe(false);
      expect(await refusedAtMost(() => triggerMethod(control, at, deep, deep, anna))).toBe(false);
    }
    expect(await refusedAtMost(() => triggerMethod(control, 'magnet.ramp', deep, deep, anna))).toBe(false);
    expect(spent()).toBeLessThan(5000);
  });
});

test('what a client sets it reads back', async () => {
  class Root extends DataService {
    readonly number = setting(0);
    readonly whole = setting(0, { type: 'integer' });
    readonly text = setting('');
    readonly warmth = setting(0, { unit: '°C' });
  }
  const root = new Root();
  const control = new Control(root);
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
  await fc.assert(
    fc.asyncProperty(finite, fc.maxSafeInteger(), fc.string(), async (number, whole, text) => {
      await updateValue(control, 'number', { type: 'float', value: number }, anna);
      await updateValue(control, 'whole', { type: 'int', value: whole }, anna);
      await updateValue(control, 'text', { type: 'str', value: text }, anna);
      await updateValue(control, 'warmth', { type: 'Quantity', value: { magnitude: number, unit: 'degC' } }, anna);
      expect(nodeAt(root, 'number')).toMatchObject({ type: 'float', value: number });
      expect(nodeAt(root, 'whole')).toMatchObject({ type: 'int', value: whole });
      expect(nodeAt(root, 'text')).toMatchObject({ type: 'str', value: text });
      expect(nodeAt(root, 'warmth')).toMatchObject({ type: 'Quantity', value: { magnitude: number, unit: 'degC' } });
    }),
  );
});
