import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, parsePasswordHash } from '../../../src/base/index.ts';
import { type PasswordAttempt, PasswordCheck } from '../../../src/server/access/password-check.ts';
import { type Derive, deriveOnPool, hashPassword } from '../../../src/server/access/scrypt.ts';

const CHEAP = { N: 4096, r: 8, p: 1 };
const hash = parsePasswordHash(await hashPassword('right', CHEAP));
if (!hash) throw new Error('a hash that was just made is none');

let clock: FakeClock;
let calls: string[];
/** Open derivations, which end when they are told to. */
let pending: (() => void)[];
const counted: Derive = async (password, given, bytes) => {
  calls.push(password);
  return deriveOnPool(password, given, bytes);
};
const held: Derive = async (password, given, bytes) => {
  calls.push(password);
  await new Promise<void>((resolve) => pending.push(resolve));
  return deriveOnPool(password, given, bytes);
};
const attempt = (password: string, from = '10.0.0.1', user = 'ada'): PasswordAttempt => ({
  user,
  password,
  hash,
  from,
});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  clock = new FakeClock();
  calls = [];
  pending = [];
});

describe('the check of a password', () => {
  it('tells the right one from a wrong one', async () => {
    const check = new PasswordCheck(clock);
    expect(await check.check(attempt('right'))).toBe(true);
    expect(await check.check(attempt('wrong'))).toBe(false);
    expect(await check.check(attempt(''))).toBe(false);
  });

  it('takes a password in either of the two ways to write an é', async () => {
    const composed = parsePasswordHash(await hashPassword('caf\u00e9', CHEAP));
    if (!composed) throw new Error('no hash');
    const check = new PasswordCheck(clock);
    expect(await check.check({ user: 'ada', password: 'cafe\u0301', hash: composed, from: 'x' })).toBe(true);
  });

  it('remembers a right password for a minute, at the place where it was given', async () => {
    const check = new PasswordCheck(clock, counted);
    await check.check(attempt('right'));
    expect(check.remembers(attempt('right'))).toBe(true);
    expect(check.remembers(attempt('wrong'))).toBe(false);
    expect(check.remembers(attempt('right', '10.0.0.2'))).toBe(false);
    expect(check.remembers({ ...attempt('right'), hash: { ...hash, hash: Buffer.alloc(32) } })).toBe(false);
    clock.block(60_000);
    expect(check.remembers(attempt('right'))).toBe(false);
  });

  it('remembers no wrong password', async () => {
    const check = new PasswordCheck(clock, counted);
    await check.check(attempt('wrong'));
    expect(check.remembers(attempt('wrong'))).toBe(false);
  });

  it('derives the same password once, however often it is asked for at once', async () => {
    const check = new PasswordCheck(clock, held);
    const all = Array.from({ length: 200 }, () => check.check(attempt('right')));
    await turn();
    expect(check.checks(attempt('right'))).toBe(true);
    expect(check.checks(attempt('wrong'))).toBe(false);
    for (const resolve of pending) resolve();
    expect(await Promise.all(all)).toEqual(all.map(() => true));
    expect(calls).toEqual(['right']);
  });

  it('derives two at once, lets 32 wait in order, and refuses more', async () => {
    const check = new PasswordCheck(clock, held);
    const all = Array.from({ length: 34 }, (_, index) => check.check(attempt(`guess ${index}`)));
    await turn();
    expect(calls).toEqual(['guess 0', 'guess 1']);
    await expect(check.check(attempt('one more'))).rejects.toMatchObject({ code: 'TOO_MANY_ATTEMPTS', retryAfter: 1 });
    while (calls.length < 34) {
      for (const resolve of pending.splice(0)) resolve();
      await turn();
    }
    for (const resolve of pending.splice(0)) resolve();
    expect(await Promise.all(all)).toEqual(all.map(() => false));
    expect(calls).toEqual(all.map((_, index) => `guess ${index}`));
  });

  it('gives its place on when a derivation fails', async () => {
    const failing = new PasswordCheck(clock, () => Promise.reject(new Error('no memory')));
    for (let count = 0; count < 5; count++) await expect(failing.check(attempt('right'))).rejects.toThrow('no memory');
  });

  it('looks at no endless password', async () => {
    const check = new PasswordCheck(clock, counted);
    expect(await check.check(attempt('x'.repeat(2000)))).toBe(false);
    expect(calls).toEqual([]);
  });
});

describe('the comparison of secrets', () => {
  it('is made in one place alone, by the function whose time tells nothing', () => {
    const source = (name: string): string =>
      readFileSync(new URL(`../../../src/server/access/${name}.ts`, import.meta.url), 'utf8');
    expect(source('secret')).toContain('timingSafeEqual(a, b)');
    for (const name of ['password-check', 'tokens', 'sessions', 'access-control']) {
      expect(source(name)).toContain('sameBytes');
      expect(source(name)).not.toMatch(/(mac|hash|digest|secret)\)? ?===|\.equals\(|\.compare\(/);
    }
  });
});
