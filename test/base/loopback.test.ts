import { describe, expect, it } from 'vitest';
import { isLoopbackHost } from '../../src/base/index.ts';

describe('a host that only this machine reaches', () => {
  it.each(['localhost', 'LOCALHOST', 'localhost.', '127.0.0.1', '127.1.2.3', '::1', '[::1]', '::ffff:127.0.0.1'])(
    'is %s',
    (host) => {
      expect(isLoopbackHost(host)).toBe(true);
    },
  );

  it.each([
    '0.0.0.0',
    '::',
    '192.168.1.5',
    '10.127.0.1',
    '127.0.0.1.attacker.example',
    'localhost.attacker.example',
    '127',
    '',
    'a[::1]',
  ])('is not %j', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});
