import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskSecrets } from '../../src/base/index.ts';
import { cpuTime } from '../cpu-time.ts';

describe('maskSecrets', () => {
  it.each([
    ['connect to mqtt://joe:pw@host:1883 failed', 'connect to mqtt://***@host:1883 failed'],
    ['mqtt://joe@host', 'mqtt://***@host'],
    ['mqtt://joe:p@ss@host', 'mqtt://***@host'],
    ['mqtt://joe:p/s?s#@host/x', 'mqtt://***@host/x'],
    ['joe:p@ss@host', '***@host'],
    ['http://x/write?db=a&u=joe&p=pw', 'http://x/write?db=a&u=***&p=***'],
    ['Authorization: Token abcdefghijkl==', 'Authorization: Token ***'],
    ['no such lw_0123456789ab_ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789-abcdef', 'no such lw_0123456789ab_***'],
    ['is "scrypt$16384$8$5$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2g/+A"', 'is "scrypt$***"'],
    ['cookie a=b; labwire_session=abc.def-_; c=d', 'cookie a=b; labwire_session=***; c=d'],
    ['at 12:30 on host a', 'at 12:30 on host a'],
    ['see http://host:8086/metrics, or ask joe@host', 'see http://host:8086/metrics, or ask joe@host'],
  ])('turns %j into %j', (text, masked) => {
    expect(maskSecrets(text)).toBe(masked);
  });

  it('hides whatever stands as the password of a URL', () => {
    const odd = fc.string({ unit: fc.constantFrom(...'ab1:/?#@&=.-*%'), maxLength: 20 });
    fc.assert(
      fc.property(odd, (password) => {
        expect(maskSecrets(`no answer from mqtt://joe:hunter2${password}@host`)).not.toContain('hunter2');
      }),
    );
  });

  it.each(['a', 'a:', 'a.', '?p=', '://'])('takes a long text of %j in no time', (unit) => {
    const text = unit.repeat(65_536 / unit.length);
    const spent = cpuTime();
    expect(maskSecrets(text).length).toBeGreaterThan(0);
    expect(spent()).toBeLessThan(1000);
  });
});
