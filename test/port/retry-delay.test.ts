import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryDelay } from '../../src/port/retry-delay.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the delay before the next attempt', () => {
  it('grows from half a second to ten, and stays there', () => {
    expect(Array.from({ length: 8 }, (_, index) => Math.round(retryDelay(index + 1, 0)))).toEqual([
      500, 910, 1657, 3017, 5493, 10_000, 10_000, 10_000,
    ]);
  });

  it('is never longer than without its random part, nor shorter than three quarters of that', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), random, (failures, chance) => {
        const longest = retryDelay(failures, 0);
        const delay = retryDelay(failures, chance);
        expect(delay).toBeLessThanOrEqual(longest);
        expect(delay).toBeGreaterThanOrEqual(longest * 0.75);
        expect(retryDelay(failures + 1, 0)).toBeGreaterThanOrEqual(longest);
      }),
    );
  });
});
