import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineOptions } from '../../drivers/line/options.ts';
import { lineReader } from '../../drivers/line/reader.ts';
import { plain } from './harness.ts';

function reading(section: unknown): (line: string) => unknown {
  const read = lineReader(lineOptions.parse(section));
  return (line) => {
    const values = read(line);
    return typeof values === 'string' ? values : plain(values);
  };
}

describe('numbers', () => {
  const read = reading({ format: 'csv', channels: { t: { column: 1 }, rh: { column: 2 } } });

  test.each([
    ['21.5', 21.5],
    ['+021.500', 21.5],
    ['-.5', -0.5],
    ['7.', 7],
    ['1.0E-03', 0.001],
    [' 21.5 ', 21.5],
  ])('%j is one', (text, value) => {
    expect(read(`${text},40`)).toEqual({ t: value, rh: 40 });
  });

  test.each([
    'nan',
    'NaN',
    '-nan',
    'inf',
    '-Infinity',
    'ovf',
    'over',
    '',
    '21,5C',
    '21.5 C',
    '0x15',
    '1e999',
    '--5',
    '1 2',
  ])('%j is none', (text) => {
    expect(read(`"${text}",40`)).toEqual({ t: '<invalid>', rh: 40 });
  });

  test('have a decimal comma where the section says so', () => {
    const german = reading({ format: 'csv', separator: ';', decimal: ',', channels: { t: { column: 1 } } });
    expect(german('21,5;40')).toEqual({ t: 21.5 });
    expect(german('1,234,5;40')).toBe('no_match');
  });
});

describe('CSV', () => {
  const channels = { t: { column: 2 }, where: { column: 1, type: 'text' } };

  test('has columns counted from 1, of which those not named are left alone', () => {
    expect(reading({ format: 'csv', channels })('lab,21.5,17,x')).toEqual({ where: 'lab', t: 21.5 });
  });

  test.each(['lab', 'where,t', 'hello, world', ''])('is not %j', (line) => {
    expect(reading({ format: 'csv', channels })(line)).toBe('no_match');
  });

  test('is a line of which all numbers are missing for once', () => {
    expect(reading({ format: 'csv', channels })('lab,nan')).toEqual({ where: 'lab', t: '<invalid>' });
  });

  test('is any line with enough columns, where all are texts', () => {
    expect(reading({ format: 'csv', channels: { a: { column: 1, type: 'text' } } })('hello')).toEqual({ a: 'hello' });
  });

  test('keeps a separator within quotes', () => {
    const read = reading({ format: 'csv', channels });
    expect(read('"lab 1, bench ""2""", 21.5')).toEqual({ where: 'lab 1, bench "2"', t: 21.5 });
    expect(read('"1,2,3",21.5')).toEqual({ where: '1,2,3', t: 21.5 });
  });

  test('may be separated by tabs, or by any number of blanks', () => {
    expect(reading({ format: 'csv', separator: '\t', channels })('lab\t21.5')).toEqual({ where: 'lab', t: 21.5 });
    expect(reading({ format: 'csv', separator: ' ', channels })('  lab   21.5')).toEqual({ where: 'lab', t: 21.5 });
  });
});

describe('JSON', () => {
  const read = reading({ format: 'json', channels: { t: {}, rh: {} } });

  test('says only what is in the line', () => {
    expect(read('{"t":21.5,"other":1}')).toEqual({ t: 21.5 });
    expect(read('{"other":1}')).toBe('no_match');
  });

  test('may be led into by keys', () => {
    const nested = reading({
      format: 'json',
      channels: { t: { key: ['bme', 'T'] }, rh: { key: 'RH %' }, x: { key: ['a', '1'] } },
    });
    expect(nested('{"bme":{"T":21.5},"RH %":40,"a":[5,6]}')).toEqual({ t: 21.5, rh: 40, x: 6 });
  });

  test.each([
    ['{"t":nan,"rh":40}', '<invalid>'],
    ['{"t": -inf ,"rh":40}', '<invalid>'],
    ['{"t":ovf,"rh":40}', '<invalid>'],
    ['{"t":null,"rh":40}', '<invalid>'],
    ['{"t":"nan","rh":40}', '<invalid>'],
    ['{"t":true,"rh":40}', '<invalid>'],
    ['{"t":{"v":1},"rh":40}', '<invalid>'],
    ['{"t":[21.5],"rh":40}', '<invalid>'],
    ['{"t":"21.5","rh":40}', 21.5],
  ])('keeps the good value of %s', (line, t) => {
    expect(read(line)).toEqual({ t, rh: 40 });
  });

  test.each(['{"t":21.5', '{"t":21.5,}', '[object Object]', '{t:21.5}'])('that is damaged is invalid: %s', (line) => {
    expect(read(line)).toBe('invalid');
  });

  test.each(['21.5', 'null', '"t"', 'starting', ''])('is not %j', (line) => {
    expect(read(line)).toBe('no_match');
  });

  test('cannot reach what is no key of the line itself', () => {
    const hostile = reading({
      format: 'json',
      channels: { c: { key: ['constructor', 'name'] }, x: { key: ['__proto__', 'y'] } },
    });
    expect(hostile('{"a":1}')).toBe('no_match');
    expect(hostile('{"__proto__":{"y":5}}')).toEqual({ x: 5 });
    expect(({} as { y?: number }).y).toBeUndefined();
  });

  test('that is nested without end is survived', () => {
    expect(read(`${'['.repeat(100_000)}`)).toBe('invalid');
    expect(read(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).toMatch(/invalid|no_match/);
  });
});

describe('a pattern', () => {
  test('says what its groups catch', () => {
    const read = reading({ pattern: '^T=(?<t>\\S+)(?: H=(?<rh>\\S+))?', channels: { t: {}, rh: {} } });
    expect(read('T=21.5 H=40')).toEqual({ t: 21.5, rh: 40 });
    expect(read('T=21.5')).toEqual({ t: 21.5 });
    expect(read('T=nan H=40')).toEqual({ t: '<invalid>', rh: 40 });
    expect(read('debug T=21.5')).toBe('no_match');
  });
});

describe('the other types', () => {
  const read = reading({
    format: 'json',
    channels: {
      on: { type: 'boolean' },
      name: { type: 'text' },
      n: { type: 'integer' },
      mode: { type: 'enum', options: ['a', 'b'] },
    },
  });

  test('are read from JSON', () => {
    expect(read('{"on":true,"name":" x ","n":3,"mode":"a"}')).toEqual({ on: true, name: 'x', n: 3, mode: 'a' });
    expect(read('{"on":0,"name":7,"n":"3"}')).toEqual({ on: false, name: '7', n: 3 });
    expect(read('{"on":2,"n":false}')).toEqual({ on: '<invalid>', n: '<invalid>' });
  });

  test.each([
    ['true', true],
    ['ON', true],
    ['1', true],
    ['off', false],
    ['0', false],
    ['maybe', '<invalid>'],
  ])('%s as a boolean in a text', (text, value) => {
    expect(reading({ pattern: '^(?<on>.*)$', channels: { on: { type: 'boolean' } } })(text)).toEqual({ on: value });
  });
});

test('no line makes a reader throw', () => {
  const sections = [
    { format: 'json', channels: { t: { key: ['a', 'b'] }, on: { type: 'boolean' } } },
    { format: 'csv', channels: { t: { column: 2 }, name: { column: 1, type: 'text' } } },
    { format: 'csv', separator: ' ', decimal: ',', channels: { t: { column: 1 } } },
    { pattern: '^T=(?<t>\\S+)', channels: { t: {} } },
  ].map(reading);
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.string({ unit: fc.constantFrom(...'",;T=1.{}[]: ') }),
  );
  fc.assert(
    fc.property(line, (text) => {
      for (const read of sections) {
        const values = read(text);
        if (typeof values === 'string') expect(values).toMatch(/^(no_match|invalid)$/);
        else
          for (const value of Object.values(values as object))
            if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});
