import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabwireError } from '../../../src/base/index.ts';
import { parseSubscription } from '../../../src/server/live/subscription.ts';

describe('a subscription', () => {
  it('is to everything at once where it says nothing else', () => {
    expect(parseSubscription({})).toEqual({ prefixes: null, intervalMs: 0 });
    expect(parseSubscription({ paths: null, maxHz: null })).toEqual({ prefixes: null, intervalMs: 0 });
  });

  it('has its paths written as those of changes are', () => {
    const { prefixes, intervalMs } = parseSubscription({ paths: ['', 'a.b', 'map["k\\u0065y"]'], maxHz: 4 });
    expect([...(prefixes ?? [])]).toEqual(['', 'a.b', 'map["key"]']);
    expect(intervalMs).toBe(250);
  });

  it.each([
    [undefined],
    [null],
    ['a'],
    [[]],
    [{ paths: 'a' }],
    [{ paths: [1] }],
    [{ paths: ['a..b'] }],
    [{ paths: Array.from({ length: 1_001 }, () => 'a') }],
    [{ maxHz: 0 }],
    [{ maxHz: -1 }],
    [{ maxHz: Number.NaN }],
    [{ maxHz: '5' }],
    [{ maxHz: 1e9 }],
    [{ path: ['a'] }],
  ])('is refused where it is %j', (request) => {
    expect(() => parseSubscription(request)).toThrow(LabwireError);
  });

  it('is read or refused, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything(), (request) => {
        try {
          parseSubscription(request);
        } catch (error) {
          expect(error).toBeInstanceOf(LabwireError);
        }
      }),
    );
  });
});
