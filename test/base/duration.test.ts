import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/base/index.ts';

describe('parseDuration', () => {
  it.each([
    ['500ms', 0.5],
    ['50ms', 0.05],
    ['1s', 1],
    ['1.5s', 1.5],
    ['5min', 300],
    ['2h', 7200],
    ['30d', 2_592_000],
    ['10', 10],
    [' 2 s ', 2],
    ['0', 0],
    [0.25, 0.25],
    [0, 0],
  ])('reads %j as %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each([
    '',
    's',
    '1m',
    '1 sec',
    '-1s',
    '1e3',
    '1s2',
    '.5s',
    '1.s',
    '9'.repeat(400),
    Number.NaN,
    -1,
    Number.POSITIVE_INFINITY,
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('gives a number that is finite and not negative, or nothing, for any text', () => {
    const almost = fc
      .tuple(fc.double(), fc.constantFrom('ms', 's', 'min', 'h', 'd', '', ' '))
      .map(([n, unit]) => `${n}${unit}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), almost), (text) => {
        const seconds = parseDuration(text);
        expect(seconds === undefined || (Number.isFinite(seconds) && seconds >= 0)).toBe(true);
      }),
    );
  });
});
