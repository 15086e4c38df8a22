import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSize } from '../../src/base/index.ts';

describe('parseSize', () => {
  it.each([
    ['2GB', 2_000_000_000],
    ['500MB', 500_000_000],
    ['1.5 kB', 1500],
    ['1TB', 1_000_000_000_000],
    ['512', 512],
    [' 7 B ', 7],
    [4096, 4096],
  ])('reads %j as %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', 'GB', '2gb', '2GiB', '-1MB', '1e3', '.5GB', '9'.repeat(30), Number.NaN, -1, 1.5])(
    'refuses %j',
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );

  it('gives a whole number of bytes, or nothing, for any text', () => {
    const almost = fc.tuple(fc.double(), fc.constantFrom('B', 'kB', 'GB', '')).map(([n, unit]) => `${n}${unit}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), almost), (text) => {
        const bytes = parseSize(text);
        expect(bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 0)).toBe(true);
      }),
    );
  });
});
