import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock, LabwireError, silentLogger } from '../../../src/base/index.ts';
import { LastUse, readLastUse } from '../../../src/server/access/last-use.ts';
import { newToken, parseToken } from '../../../src/server/access/token.ts';
import { TokenBook } from '../../../src/server/access/token-book.ts';
import { parseTokens } from '../../../src/server/access/token-file.ts';
import { Tokens } from '../../../src/server/access/tokens.ts';

let folder: string;
let file: string;
let book: TokenBook;
let clock: FakeClock;
let tokens: Tokens;
const error = vi.fn();

beforeEach(() => {
  error.mockClear();
  folder = mkdtempSync(join(tmpdir(), 'labwire-tokens-'));
  file = join(folder, 'data', 'tokens.json');
  book = new TokenBook(file);
  clock = new FakeClock(Date.now() * 1000);
  tokens = new Tokens(file, clock, { ...silentLogger, error });
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a token', () => {
  it('is lw_, an id and 256 random bits, and is read as it was made', () => {
    const { text, id, secret } = newToken();
    expect(text).toMatch(/^lw_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    expect(parseToken(text)).toEqual({ id, secret });
    expect(newToken().text).not.toBe(text);
  });

  it('is nothing else, and no text makes its reading throw', () => {
    const odd = fc.string({ unit: fc.constantFrom(...'lw_0123456789abcdef-AZ\n') });
    fc.assert(
      fc.property(fc.oneof(odd, fc.string()), (text) => {
        const parts = parseToken(text);
        if (parts) expect(`lw_${parts.id}_${parts.secret}`).toBe(text);
      }),
    );
    expect(parseToken(`${newToken().text}\n`)).toBeUndefined();
  });
});

describe('the book of tokens', () => {
  it('lets a token in from the moment it is made until it is revoked', async () => {
    expect(await tokens.find(newToken().text)).toBeUndefined();
    const token = await book.create('notebook', 'operator');
    expect(await tokens.find(token)).toMatchObject({ name: 'notebook', role: 'operator' });
    await book.revoke('notebook');
    expect(await tokens.find(token)).toBeUndefined();
  });

  it('keeps no token: neither in the file nor in the list', async () => {
    const token = await book.create('notebook', 'operator');
    const secret = parseToken(token)?.secret ?? '';
    expect(readFileSync(file, 'utf8')).not.toContain(secret);
    expect(JSON.stringify(book.list())).not.toMatch(/hash/);
    expect(book.list()).toMatchObject([{ name: 'notebook', role: 'operator' }]);
  });

  it('is for its owner alone to read', async () => {
    await book.create('notebook', 'viewer');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('takes no two of a name, and revokes none that is not there', async () => {
    await book.create('notebook', 'viewer');
    await expect(book.create('notebook', 'admin')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(book.revoke('other')).rejects.toMatchObject({ code: 'USAGE' });
    expect(book.list()).toHaveLength(1);
  });

  it('loses none of those that are made at once', async () => {
    await Promise.all(Array.from({ length: 8 }, (_, index) => book.create(`t${index}`, 'viewer')));
    expect(
      book
        .list()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(Array.from({ length: 8 }, (_, index) => `t${index}`));
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('takes over the lock of one that was killed', async () => {
    await book.create('first', 'viewer');
    writeFileSync(`${file}.lock`, '');
    utimesSync(`${file}.lock`, 1, 1);
    await book.create('second', 'viewer');
    expect(book.list()).toHaveLength(2);
  });

  it('says where it cannot write', async () => {
    writeFileSync(join(folder, 'data'), 'no folder');
    await expect(book.create('notebook', 'viewer')).rejects.toMatchObject({ code: 'TOKEN_FILE' });
  });
});

describe('the tokens of a running gateway', () => {
  it('expire in time', async () => {
    const token = await book.create('notebook', 'viewer', clock.now() / 1000 + 60_000);
    const entry = await tokens.find(token);
    expect(entry?.name).toBe('notebook');
    await clock.advance(61_000);
    expect(await tokens.find(token)).toBeUndefined();
    expect(entry && tokens.current(entry)).toBeUndefined();
  });

  it('are known by their secret and not by their id', async () => {
    const token = await book.create('notebook', 'viewer');
    const { id } = parseToken(token) ?? { id: '' };
    expect(await tokens.find(`lw_${id}_${parseToken(newToken().text)?.secret}`)).toBeUndefined();
    expect(await tokens.find(token.slice(0, -1))).toBeUndefined();
  });

  it('are another one when the name is given anew', async () => {
    const entry = await tokens.find(await book.create('notebook', 'viewer'));
    await book.revoke('notebook');
    await book.create('notebook', 'viewer');
    await tokens.refresh();
    expect(entry && tokens.current(entry)).toBeUndefined();
  });

  it('are of no use from the moment when they are revoked, also while their file is being looked at', async () => {
    const token = await book.create('notebook', 'viewer');
    expect(await tokens.find(token)).toBeDefined();
    const looks = [tokens.refresh(), tokens.refresh()];
    const revoked = book.revoke('notebook');
    expect(await revoked.then(() => tokens.find(token))).toBeUndefined();
    await Promise.all(looks);
    expect(clock.pending).toBe(0);
  });

  it('let nobody in while their file is damaged, which is told once', async () => {
    const token = await book.create('notebook', 'viewer');
    expect(await tokens.find(token)).toBeDefined();
    const whole = readFileSync(file, 'utf8');
    writeFileSync(file, whole.slice(0, -20));
    expect(await tokens.find(token)).toBeUndefined();
    expect(await tokens.find(token)).toBeUndefined();
    expect(error).toHaveBeenCalledTimes(1);
    writeFileSync(file, whole);
    expect(await tokens.find(token)).toBeDefined();
  });

  it('tell when they were used last, in a file of their own', async () => {
    const token = await book.create('notebook', 'viewer');
    const { id } = parseToken(token) ?? { id: '' };
    const before = readFileSync(file, 'utf8');
    const use = new LastUse(file, clock, silentLogger);
    use.note(id);
    use.note('0123456789ab');
    expect(readLastUse(file)).toEqual({});
    await use.flush((other) => other === id);
    expect(book.list()[0]?.lastUsed).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(Object.keys(readLastUse(file))).toEqual([id]);
    expect(readFileSync(file, 'utf8')).toBe(before);
    use.note(id);
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
    await use.flush();
  });
});

describe('the file of tokens', () => {
  it('is refused with TOKEN_FILE whatever else it holds', () => {
    const near = fc
      .record({ version: fc.constant(1), tokens: fc.array(fc.anything()) })
      .map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), near), (text) => {
        try {
          expect(Array.isArray(parseTokens(file, text))).toBe(true);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(LabwireError);
          expect(thrown).toMatchObject({ code: 'TOKEN_FILE' });
        }
      }),
    );
  });
});
