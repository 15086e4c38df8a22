import type { IncomingHttpHeaders } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isForeign, isFromHere, normalOrigin } from '../../../src/server/access/origin.ts';

const listed = new Set(['https://lab.example:3000', 'http://panel.example']);

describe('the origin of a request', () => {
  it.each<[string, IncomingHttpHeaders]>([
    ['a program that names none', { host: 'labhost:8001' }],
    ['its own page', { host: 'labhost:8001', origin: 'http://labhost:8001' }],
    ['its own page, whatever the case', { host: 'LabHost:8001', origin: 'http://labhost:8001' }],
    ['its own page behind a proxy that encrypts', { host: 'labhost', origin: 'https://labhost' }],
    ['its own page on the port that goes without saying', { host: 'labhost:80', origin: 'http://labhost' }],
    ['a page of a listed origin', { host: 'labhost:8001', origin: 'https://lab.example:3000' }],
    ['a page of a listed origin in capitals', { host: 'labhost:8001', origin: 'HTTP://Panel.example:80' }],
    [
      'a page that is opened from elsewhere',
      { host: 'a', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    ],
    ['a picture of its own page', { host: 'a', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors' }],
  ])('is right for %s', (_what, headers) => {
    expect(isForeign(headers, listed)).toBe(false);
  });

  it.each<[string, IncomingHttpHeaders]>([
    ['another host', { host: 'labhost:8001', origin: 'http://attacker.example' }],
    ['another port of this host', { host: 'labhost:8001', origin: 'http://labhost:3000' }],
    ['this host without its port', { host: 'labhost:8001', origin: 'http://labhost' }],
    ['a page without origin', { host: 'labhost:8001', origin: 'null' }],
    ['an empty one', { host: 'labhost:8001', origin: '' }],
    ['a name that begins like this one', { host: 'labhost:8001', origin: 'http://labhost:8001.attacker.example' }],
    ['a user that is called like this host', { host: 'labhost:8001', origin: 'http://labhost:8001@attacker.example' }],
    ['a scheme of its own', { host: 'labhost:8001', origin: 'chrome-extension://labhost:8001' }],
    ['a listed host with another scheme', { host: 'labhost:8001', origin: 'http://lab.example:3000' }],
    ['a request without host', { origin: 'http://labhost:8001' }],
    ['a picture in a foreign page', { host: 'a', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['a picture in a page of another port', { host: 'a', 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }],
  ])('is wrong for %s', (_what, headers) => {
    expect(isForeign(headers, listed)).toBe(true);
  });

  it('is read whatever it is', () => {
    const odd = fc.string({ unit: fc.constantFrom(...'htps:/@.[]#?%\\a1 *') });
    fc.assert(
      fc.property(
        fc.oneof(
          odd,
          odd.map((text) => `http://${text}`),
        ),
        odd,
        (origin, host) => {
          isForeign({ origin, host }, listed);
          const normal = normalOrigin(origin);
          if (normal !== undefined) expect(normalOrigin(normal)).toBe(normal);
        },
      ),
    );
  });
});

describe('a request from this machine', () => {
  const here = { host: 'localhost:8001' };

  it.each(['localhost', 'localhost:8001', '127.0.0.1:8001', '127.0.0.2:8001', '[::1]:8001', '[::1]'])(
    'may call it %s',
    (host) => {
      expect(isFromHere({ remoteAddress: '127.0.0.1', headers: { host } })).toBe(true);
    },
  );

  it.each([
    'attacker.example',
    '127.0.0.1.attacker.example',
    'localhost@attacker.example',
    '::1',
    '[127.0.0.1]',
    '',
    'localhost:',
    'localhost:a',
  ])('may not call it %j', (host) => {
    expect(isFromHere({ remoteAddress: '127.0.0.1', headers: { host } })).toBe(false);
  });

  it.each(['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'])('is none that a proxy passes on with %s', (name) => {
    expect(isFromHere({ remoteAddress: '127.0.0.1', headers: { ...here, [name]: 'x' } })).toBe(false);
  });

  it.each(['192.168.1.5', '::ffff:192.168.1.5', '10.127.0.1', undefined])('does not come from %s', (remoteAddress) => {
    expect(isFromHere({ remoteAddress, headers: here })).toBe(false);
  });
});
