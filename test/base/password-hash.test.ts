import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPasswordHash, parsePasswordHash } from '../../src/base/index.ts';

const salt = Buffer.alloc(16, 1);
const hash = Buffer.alloc(32, 2);
const text = (N: number, r: number, p: number): string => formatPasswordHash({ N, r, p, salt, hash });

describe('the text of a password hash', () => {
  it('is read as it was written', () => {
    const bytes = (least: number, most: number): fc.Arbitrary<Buffer> =>
      fc.uint8Array({ minLength: least, maxLength: most }).map((array) => Buffer.from(array));
    const cost = fc.record({
      N: fc.constantFrom(4096, 16_384, 32_768),
      r: fc.integer({ min: 8, max: 16 }),
      p: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(cost, bytes(16, 64), bytes(32, 64), (figures, someSalt, someHash) => {
        const given = { ...figures, salt: someSalt, hash: someHash };
        expect(parsePasswordHash(formatPasswordHash(given))).toEqual(given);
      }),
    );
  });

  it('never throws, and takes nothing that it would write otherwise', () => {
    const odd = fc.string({ unit: fc.constantFrom(...'scrypt$0123456789ABCabc+/=-_ \n') });
    const near = fc.tuple(fc.nat(), fc.nat(200), fc.nat(200), odd, odd).map((parts) => ['scrypt', ...parts].join('$'));
    fc.assert(
      fc.property(fc.oneof(odd, near, fc.string()), (given) => {
        const parsed = parsePasswordHash(given);
        if (parsed) expect(formatPasswordHash(parsed)).toBe(given);
      }),
    );
  });

  it.each([
    ['a plain password', 'correct horse battery staple'],
    ['figures that make guessing cheap', text(2048, 8, 1)],
    ['an N that is no power of two', text(10_000, 8, 1)],
    ['more memory than a gateway has', text(131_072, 16, 1)],
    ['a derivation that takes a minute', text(131_072, 8, 8)],
    ['a small r', text(16_384, 1, 1)],
    ['a short salt', formatPasswordHash({ N: 16_384, r: 8, p: 1, salt: Buffer.alloc(8), hash })],
    ['a short hash', formatPasswordHash({ N: 16_384, r: 8, p: 1, salt, hash: Buffer.alloc(16) })],
    ['padding', `${text(16_384, 8, 1)}=`],
    ['bits beyond the last byte', text(16_384, 8, 1).replace(/.$/, 'J')],
    ['a line feed at the end', `${text(16_384, 8, 1)}\n`],
    ['another scheme', text(16_384, 8, 1).replace('scrypt', 'bcrypt')],
  ])('is not taken with %s', (_what, given) => {
    expect(parsePasswordHash(given)).toBeUndefined();
  });
});
