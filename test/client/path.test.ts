import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendSegment, LabwireError, parsePath } from '../../src/base/index.ts';
import { canonicalPath, isWithin, stepsOf } from '../../src/client/path.ts';

const anyPath = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('a', 'b', '.', '[', ']', '"', "'", '\\', '0', '1') }),
);

describe('an access path', () => {
  it.each([
    ['', ''],
    ['a.b', 'a.b'],
    ["a['b c'].d", 'a["b c"].d'],
    [`a["x['y']"]`, `a["x['y']"]`],
    ['a["\\u0041"]', 'a["A"]'],
  ])('%j is written %j by a server', (given, canonical) => {
    expect(canonicalPath(given)).toBe(canonical);
  });

  it.each(['.a', 'a.', 'a..b', 'a b', 'a[', 'a[-1]', 'a["\\x"]', 'a['.repeat(4000), '1a'])('is not %j', (text) => {
    expect(() => canonicalPath(text)).toThrow('MEMBER_UNKNOWN');
  });

  it('is read as a server reads it', () => {
    fc.assert(
      fc.property(anyPath, (path) => {
        let segments: ReturnType<typeof parsePath>;
        try {
          segments = parsePath(path);
        } catch {
          return; // What a server does not read may be understood here, e.g. single quotes.
        }
        expect(canonicalPath(path)).toBe(segments.reduce(appendSegment, ''));
      }),
    );
  });

  it('is understood or refused, whatever the text', () => {
    fc.assert(
      fc.property(anyPath, (path) => {
        try {
          const canonical = canonicalPath(path);
          expect(canonicalPath(canonical)).toBe(canonical);
          expect(stepsOf(canonical)).toEqual(stepsOf(path));
        } catch (error) {
          expect(error).toBeInstanceOf(LabwireError);
        }
      }),
    );
  });

  it('lies within another one by whole steps', () => {
    expect(isWithin('a.b', 'a')).toBe(true);
    expect(isWithin('a[0]', 'a')).toBe(true);
    expect(isWithin('a', 'a')).toBe(true);
    expect(isWithin('ab', 'a')).toBe(false);
    expect(isWithin('a', 'a.b')).toBe(false);
    expect(isWithin('a', '')).toBe(true);
  });
});
