import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../src/base/index.ts';
import { addressKey, Throttle } from '../../../src/server/access/throttle.ts';

let clock: FakeClock;
let throttle: Throttle;
const blocked = vi.fn();
beforeEach(() => {
  blocked.mockClear();
  clock = new FakeClock();
  throttle = new Throttle(clock, blocked);
});

const fail = (key: string, times: number): void => {
  for (let count = 0; count < times; count++) throttle.attempt(key);
};

describe('failed attempts', () => {
  it('cost nothing until there are ten', () => {
    fail('a', 9);
    expect(throttle.wait('a')).toBe(0);
    fail('a', 1);
    expect(throttle.wait('a')).toBe(1);
    expect(throttle.wait('b')).toBe(0);
  });

  it('cost twice as long each, up to a minute', () => {
    const waits = Array.from({ length: 9 }, (_, more) => {
      fail(`a${more}`, 10 + more);
      return throttle.wait(`a${more}`);
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    clock.block(60_000);
    expect(throttle.wait('a8')).toBe(0);
  });

  it('are forgotten one a minute', () => {
    fail('a', 10);
    clock.block(10 * 60_000);
    fail('a', 9);
    expect(throttle.wait('a')).toBe(0);
    clock.block(60_000);
    fail('a', 1);
    expect(throttle.wait('a')).toBe(0);
    fail('a', 1);
    expect(throttle.wait('a')).toBe(1);
  });

  it('are no failures any more once they have succeeded, and only once', () => {
    const takeBack = throttle.attempt('a');
    fail('a', 9);
    expect(throttle.wait('a')).toBe(1);
    takeBack();
    takeBack();
    expect(throttle.wait('a')).toBe(0);
    fail('a', 1);
    expect(throttle.wait('a')).toBe(1);
  });

  it('are told of when the limit is reached, and not with each one', () => {
    fail('a', 30);
    expect(blocked.mock.calls).toEqual([['a']]);
  });

  it('are remembered of four thousand places at most', () => {
    for (let count = 0; count < 10_000; count++) throttle.attempt(`a${count}`);
    expect(throttle.size).toBe(4096);
  });
});

describe('a remote address', () => {
  it.each([
    ['192.168.1.5', '192.168.1.5'],
    ['::ffff:192.168.1.5', '192.168.1.5'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:DB8::6', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    [undefined, 'unknown'],
  ])('%s counts as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it('is read whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'0123af:.%') }), (text) => void addressKey(text)));
  });
});
