import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/index.ts';
import { Sessions } from '../../../src/server/access/sessions.ts';

const HOUR_MS = 3_600_000;
const hash = Buffer.alloc(32);
let clock: FakeClock;
let sessions: Sessions;
beforeEach(() => {
  clock = new FakeClock();
  sessions = new Sessions(clock);
});

describe('sessions', () => {
  it('are found by their cookie until they are closed', () => {
    const cookie = sessions.open('ada', hash);
    const session = sessions.find(cookie);
    expect(session?.user).toBe('ada');
    if (session) sessions.close(session);
    expect(sessions.find(cookie)).toBeUndefined();
  });

  it('end after twelve hours without use, and go on with it', () => {
    const cookie = sessions.open('ada', hash);
    clock.block(11 * HOUR_MS);
    expect(sessions.find(cookie)).toBeDefined();
    clock.block(11 * HOUR_MS);
    expect(sessions.find(cookie)).toBeDefined();
    clock.block(12 * HOUR_MS);
    expect(sessions.find(cookie)).toBeUndefined();
  });

  it('go on while a page is open that only listens', () => {
    const session = sessions.find(sessions.open('ada', hash));
    for (let hours = 0; hours < 48; hours += 6) {
      clock.block(6 * HOUR_MS);
      expect(session && sessions.isOpen(session)).toBe(true);
    }
    clock.block(12 * HOUR_MS);
    expect(session && sessions.isOpen(session)).toBe(false);
  });

  it('end after a week in any case', () => {
    const cookie = sessions.open('ada', hash);
    for (let hours = 0; hours < 7 * 24 - 6; hours += 6) {
      clock.block(6 * HOUR_MS);
      expect(sessions.find(cookie)).toBeDefined();
    }
    clock.block(6 * HOUR_MS);
    expect(sessions.find(cookie)).toBeUndefined();
  });

  it('of one user are 32 at most: the oldest goes, and nobody else loses his', () => {
    const other = sessions.open('bob', hash);
    const all = Array.from({ length: 40 }, () => sessions.open('ada', hash));
    expect(all.map((cookie) => sessions.find(cookie) !== undefined)).toEqual(all.map((_, index) => index >= 8));
    expect(sessions.find(other)).toBeDefined();
  });

  it('are a thousand at most', () => {
    for (let count = 0; count < 1100; count++) sessions.open(`user${count}`, hash);
    expect(sessions.size).toBe(1000);
  });

  it('are found by nothing but their cookie', () => {
    const cookie = sessions.open('ada', hash);
    const near = fc
      .nat(cookie.length - 1)
      .map((index) => cookie.slice(0, index) + (cookie[index] === 'A' ? 'B' : 'A') + cookie.slice(index + 1));
    fc.assert(
      fc.property(
        fc.oneof(
          near,
          fc.string(),
          fc.nat(cookie.length - 1).map((length) => cookie.slice(0, length)),
        ),
        (text) => {
          expect(sessions.find(text)).toBeUndefined();
        },
      ),
    );
  });
});
