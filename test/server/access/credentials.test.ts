import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { credentialsOf, parseAuthorization } from '../../../src/server/access/credentials.ts';

const basic = (text: string, encoding: 'utf8' | 'latin1' = 'utf8'): string =>
  `Basic ${Buffer.from(text, encoding).toString('base64')}`;
const printable = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((text) => !/\p{Cc}/u.test(text));

describe('what a request shows of who sends it', () => {
  it('is user and password of HTTP Basic, whatever characters they have', () => {
    fc.assert(
      fc.property(
        printable.filter((user) => !user.includes(':')),
        printable,
        (user, password) => {
          expect(parseAuthorization(basic(`${user}:${password}`))).toEqual({ kind: 'password', user, password });
        },
      ),
    );
  });

  it('is read from Latin-1 too, which Python sends', () => {
    expect(parseAuthorization(basic('ada:é', 'latin1'))).toEqual({ kind: 'password', user: 'ada', password: 'é' });
    expect(parseAuthorization(basic('ada:é'))).toEqual({ kind: 'password', user: 'ada', password: 'é' });
  });

  it.each([
    ['Bearer abc', { kind: 'token', token: 'abc' }],
    ['bEARER abc', { kind: 'token', token: 'abc' }],
    ['Basic YTpi', { kind: 'password', user: 'a', password: 'b' }],
    ['basic YTpi', { kind: 'password', user: 'a', password: 'b' }],
    [basic('a:b:c'), { kind: 'password', user: 'a', password: 'b:c' }],
    [basic('a:'), { kind: 'password', user: 'a', password: '' }],
  ])('is read from %j', (header, credentials) => {
    expect(parseAuthorization(header)).toEqual(credentials);
  });

  it.each([
    '',
    'Basic',
    'Basic ',
    'Basic !',
    basic(':b'),
    basic('ab'),
    basic('a\n:b'),
    'Digest abc',
    'Bearer',
    'Bearer a b',
    `Bearer ${'a'.repeat(300)}`,
    `Basic ${'YTpi'.repeat(2000)}`,
  ])('is malformed in %j', (header) => {
    expect(parseAuthorization(header)).toEqual({ kind: 'malformed' });
  });

  it('never makes a header throw', () => {
    const odd = fc.string({ unit: fc.constantFrom(...'BasicBearer =:%\u0000é,;"') });
    fc.assert(
      fc.property(
        fc.oneof(odd, fc.string()),
        fc.oneof(odd, fc.string()),
        fc.anything(),
        (authorization, cookie, token) => {
          expect(credentialsOf({ authorization }, token).kind).toMatch(/^(password|token|malformed)$/);
          expect(credentialsOf({ cookie }, token).kind).toMatch(/^(token|session|malformed|none)$/);
        },
      ),
    );
  });

  it.each([
    ['labwire_session=abc', 'abc'],
    ['a=b; labwire_session=abc; c=d', 'abc'],
    ['labwire_session=first; labwire_session=second', 'first'],
    ['__proto__=x; labwire_session="abc"', 'abc'],
  ])('is the session in the cookies %j', (cookie, session) => {
    expect(credentialsOf({ cookie })).toEqual({ kind: 'session', session });
  });

  it.each(['', 'xlabwire_session=abc', 'labwire_session', 'labwire_session=', '__proto__=x; constructor=y'])(
    'is nothing in the cookies %j',
    (cookie) => {
      expect(credentialsOf({ cookie })).toEqual({ kind: 'none' });
    },
  );

  it('is the header before the token of a socket, and that before a cookie', () => {
    const headers = { authorization: 'Bearer a', cookie: 'labwire_session=c' };
    expect(credentialsOf(headers, 'b')).toEqual({ kind: 'token', token: 'a' });
    expect(credentialsOf({ cookie: headers.cookie }, 'b')).toEqual({ kind: 'token', token: 'b' });
    expect(credentialsOf({ cookie: headers.cookie }, { token: 'b' })).toEqual({ kind: 'malformed' });
  });
});
