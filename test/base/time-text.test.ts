import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoTime } from '../../src/base/index.ts';

describe('isoTime', () => {
  it('has six digits, also where they begin with zeros', () => {
    expect(isoTime(1_795_491_600_123_456)).toBe('2026-11-24T03:40:00.123456Z');
    expect(isoTime(0)).toBe('1970-01-01T00:00:00.000000Z');
    expect(isoTime(1_000_007)).toBe('1970-01-01T00:00:01.000007Z');
  });

  it('rounds what lies between two microseconds, over a full second too', () => {
    expect(isoTime(1_000_006.5)).toBe('1970-01-01T00:00:01.000007Z');
    expect(isoTime(1_999_999.7)).toBe('1970-01-01T00:00:02.000000Z');
  });

  it('tells a time that no calendar reaches as the end of the year 9999', () => {
    expect(isoTime(253_402_300_799_000_000)).toBe('9999-12-31T23:59:59.000000Z');
    expect(isoTime(1e300)).toBe('9999-12-31T23:59:59.000000Z');
  });

  it('agrees with Date in any order of times', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8_000_000_000_000_000 }), (time) => {
        const text = isoTime(time);
        expect(Date.parse(text)).toBe(Math.floor(time / 1000));
        expect(text.slice(-4, -1)).toBe(String(time % 1000).padStart(3, '0'));
      }),
    );
  });
});
