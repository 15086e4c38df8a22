import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendSegment, LabwireError, parsePath, type Segment } from '../../src/base/index.ts';

const name = fc.stringMatching(/^[a-z][A-Za-z0-9_]{0,20}$/);
const segment: fc.Arbitrary<Segment> = fc.oneof(
  fc.record({ name }),
  fc.record({ index: fc.nat(999_999_999) }),
  fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 20 }) }),
);

describe('an access path', () => {
  it('has the grammar of the wire', () => {
    expect(parsePath('')).toEqual([]);
    expect(parsePath('list[0].work.status')).toEqual([
      { name: 'list' },
      { index: 0 },
      { name: 'work' },
      { name: 'status' },
    ]);
    expect(parsePath('dict["a \\"b\\"]."].gain')).toEqual([{ name: 'dict' }, { key: 'a "b"].' }, { name: 'gain' }]);
  });

  it('is read back as it was written, whatever the keys', () => {
    fc.assert(
      fc.property(name, fc.array(segment, { maxLength: 8 }), (first, more) => {
        const segments = [{ name: first }, ...more];
        expect(parsePath(segments.reduce<string>(appendSegment, ''))).toEqual(segments);
      }),
    );
  });

  it('is the only way to write it: every path that is read is written the same', () => {
    const pieces = fc.constantFrom(
      'a',
      'list',
      '.',
      '..',
      '[0]',
      '[00]',
      '[-1]',
      '[1',
      ']',
      '["k"]',
      "['k']",
      '"',
      '\\',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (path) => {
        let segments: Segment[];
        try {
          segments = parsePath(path);
        } catch (error) {
          expect(error).toBeInstanceOf(LabwireError);
          expect((error as LabwireError).code).toBe('MEMBER_UNKNOWN');
          return;
        }
        expect(parsePath(segments.reduce<string>(appendSegment, ''))).toEqual(segments);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['.a', 'a.', 'a..b', 'a[', 'a[]', 'a[01]', 'a[-1]', 'a["x]', 'a["\\x"]', 'a b', 'a[0]b', '1a', 'a\n', 'a-b'])(
    'refuses %j',
    (path) => {
      expect(() => parsePath(path)).toThrow('MEMBER_UNKNOWN');
    },
  );

  it('refuses what is too long before reading it', () => {
    expect(() => parsePath('a.'.repeat(1e6))).toThrow('MEMBER_UNKNOWN');
    expect(() => parsePath(5 as never)).toThrow('MEMBER_UNKNOWN');
  });
});
