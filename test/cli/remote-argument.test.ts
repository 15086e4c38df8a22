import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabwireError } from '../../src/base/index.ts';
import { callArguments, parameterText, settingValue } from '../../src/cli/remote-argument.ts';
import type { RemoteNode } from '../../src/client/index.ts';

const node = (type: string, value: unknown, more: object = {}): RemoteNode => ({
  full_access_path: 'a',
  readonly: false,
  doc: null,
  type,
  value,
  ...more,
});

const kelvin = node('Quantity', { magnitude: 4, unit: 'K' }, { unit: 'K' });
const declared = [
  kelvin,
  node('float', 1),
  node('bool', false),
  node('str', ''),
  node('Enum', 'a', { enum: { a: 1, b: 'x' } }),
  node('NoneType', null),
];

describe('a value on a command line', () => {
  it.each([
    ['4.2', kelvin, 4.2],
    ['+1e3 K', kelvin, 1000],
    [' -5K ', kelvin, -5],
    ['.5 mV', node('Quantity', { magnitude: 1, unit: 'V' }, { unit: 'V' }), { magnitude: 0.5, unit: 'mV' }],
    ['20 C', node('Quantity', { magnitude: 1, unit: 'degC' }), 20],
    ['5 SCCM', node('float', 1, { unit: 'SCCM' }), 5],
    ['2', node('NoneType', null, { unit: 'K' }), 2],
    ['b', node('Enum', 'a', { enum: { a: 1, b: 'x' } }), 'x'],
    ['true', node('NoneType', null), true],
    ['17', node('NoneType', null), 17],
    ['17 K', node('NoneType', null), '17 K'],
  ])('%j of what is declared so is %j', (text, like, value) => {
    expect(settingValue('a', like, text)).toEqual(value);
  });

  it('is a value or wrong usage, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...declared), (text, like) => {
        try {
          expect(['number', 'boolean', 'string', 'object']).toContain(typeof settingValue('a', like, text));
        } catch (error) {
          expect(error).toBeInstanceOf(LabwireError);
          expect(error).toHaveProperty('code', 'USAGE');
        }
      }),
    );
  });
});

describe('arguments on a command line', () => {
  const method = node('method', null, {
    signature: {
      parameters: {
        to: { annotation: "<class 'float'>", default: {}, unit: 'K' },
        mode: { annotation: "<class 'str'>", default: { type: 'str', value: 'slow' }, options: ['slow', 'fast'] },
        hold: { annotation: "<class 'bool'>", default: { type: 'bool', value: false } },
      },
    },
  });

  it('are those that the command declares', () => {
    expect(callArguments('ramp', method, ['to=5 K', 'mode=fast', 'hold=true'])).toEqual({
      to: 5,
      mode: 'fast',
      hold: true,
    });
    expect(() => callArguments('ramp', method, ['to=5', 'mode=fats'])).toThrow('Did you mean fast?');
    expect(() => callArguments('ramp', method, ['to=5', 'zzz=1'])).toThrow(
      'It takes to=NUMBER K, [mode=slow|fast], [hold=true|false].',
    );
  });

  it('are named, or wrong usage, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('to=1', '__proto__=1', 'constructor=1')), { maxLength: 4 }),
        (texts) => {
          try {
            for (const name of Object.keys(callArguments('ramp', method, texts)))
              expect(['to', 'mode', 'hold']).toContain(name);
          } catch (error) {
            expect(error).toHaveProperty('code', 'USAGE');
          }
        },
      ),
    );
  });

  it('are shown as they are written', () => {
    expect(parameterText('x', {})).toBe('x=VALUE');
  });
});
