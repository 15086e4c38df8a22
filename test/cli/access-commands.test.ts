import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePasswordHash } from '../../src/base/index.ts';
import { passwordCommand } from '../../src/cli/commands/password.ts';
import { runCli } from '../../src/cli/program.ts';
import { secretInput } from '../../src/cli/secret-input.ts';
import { deriveOnPool } from '../../src/server/access/scrypt.ts';
import { recordingIo } from './recording-io.ts';

let folder: string;
let config: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-cli-access-'));
  config = join(folder, 'labwire.yaml');
  writeFileSync(config, '');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function labwire(...args: string[]) {
  const io = recordingIo();
  const status = await runCli([...args, '--config', config], io);
  return { status, out: io.out.join('\n'), err: io.err.join('\n') };
}

async function fits(hash: string, password: string): Promise<boolean> {
  const parsed = parsePasswordHash(hash);
  return parsed !== undefined && (await deriveOnPool(password, parsed, parsed.hash.length)).equals(parsed.hash);
}

describe('labwire password', () => {
  /** What is typed at a terminal, or what a pipe holds, and all that is written meanwhile. */
  async function password(given: string, typed: boolean) {
    const input = Object.assign(new PassThrough(), { isTTY: typed });
    const output = new PassThrough();
    const io = recordingIo();
    input.end(given);
    const status = await passwordCommand(io, secretInput(input, output)).catch((error) => error);
    return { status, out: io.out.join('\n'), shown: String(output.read() ?? '') + io.err.join('\n') };
  }

  it('prints the hash of what is typed twice, and shows none of it', async () => {
    const { status, out, shown } = await password('pass wörd\rpass wörd\r', true);
    expect(status).toBe(0);
    expect(await fits(out, 'pass wörd')).toBe(true);
    expect(await fits(out, 'pass word')).toBe(false);
    expect(shown).toContain('Password: \nOnce more: \n');
    expect(shown).not.toContain('wörd');
  });

  it('takes a line of standard input, and prints the hash alone', async () => {
    const { status, out, shown } = await password('secret\n', false);
    expect([status, shown]).toEqual([0, '']);
    expect(await fits(out, 'secret')).toBe(true);
  });

  it('makes another hash each time', async () => {
    expect((await password('secret', false)).out).not.toBe((await password('secret', false)).out);
  });

  it.each([
    ['two that differ', 'one\rother\r', true],
    ['an empty one', '\n', false],
    ['nothing', '', false],
    ['one that is too long', `${'x'.repeat(1025)}\n`, false],
  ])('refuses %s', async (_what, given, typed) => {
    const { status, out } = await password(given, typed);
    expect(status).toMatchObject({ code: 'USAGE' });
    expect(out).toBe('');
  });
});

describe('labwire token', () => {
  const tokens = (): string => readFileSync(join(folder, 'labwire-data', 'tokens.json'), 'utf8');

  it('prints a token once, lists it without it, and revokes it', async () => {
    const today = (): string => new Date().toISOString().slice(0, 10);
    const before = today();
    const made = await labwire('token', 'create', 'notebook', '--role', 'operator');
    const days = [before, today()];
    expect(made).toMatchObject({ status: 0, out: expect.stringMatching(/^lw_[0-9a-f]{12}_[\w-]{43}$/) });
    expect(tokens()).not.toContain(made.out.slice(16));
    const listed = await labwire('token', 'list');
    expect(listed.out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['NAME', 'ROLE', 'CREATED', 'EXPIRES', 'LAST USED'],
      ['notebook', 'operator', expect.toBeOneOf(days), 'never', 'never'],
    ]);
    expect((await labwire('token', 'revoke', 'notebook')).status).toBe(0);
    expect((await labwire('token', 'list')).out).toContain('There are no tokens');
  });

  it('lets a token run out', async () => {
    await labwire('token', 'create', 'notebook', '--role', 'viewer', '--expires', '90d');
    const [token] = JSON.parse((await labwire('token', 'list', '--json')).out);
    expect(token).toMatchObject({ name: 'notebook', role: 'viewer' });
    expect(Date.parse(token.expires) - Date.parse(token.created)).toBeCloseTo(90 * 86_400_000, -4);
    expect(Object.keys(token).sort()).toEqual(['created', 'expires', 'id', 'name', 'role']);
  });

  it('keeps them where the configuration says, also while that is not complete yet', async () => {
    writeFileSync(config, 'server: { host: 0.0.0.0, tokens: keys.json }\nmqtt: { urll: x }\n');
    expect((await labwire('token', 'create', 'notebook', '--role', 'viewer')).status).toBe(0);
    expect(readFileSync(join(folder, 'keys.json'), 'utf8')).toContain('"notebook"');
  });

  it.each([
    ['no role', ['create', 'notebook'], '--role'],
    ['a role that does not exist', ['create', 'notebook', '--role', 'root'], 'viewer, operator, admin'],
    ['a name that is none', ['create', 'a b', '--role', 'viewer'], 'no name of a token'],
    ['a life that is none', ['create', 'notebook', '--role', 'viewer', '--expires', 'soon'], '90d'],
    ['a life of nothing', ['create', 'notebook', '--role', 'viewer', '--expires', '0'], '90d'],
    ['a token that is not there', ['revoke', 'notebook'], 'labwire token list'],
  ])('refuses %s', async (_what, args, message) => {
    const { status, err, out } = await labwire('token', ...args);
    expect(status).toBe(2);
    expect(err).toContain(message);
    expect(out).toBe('');
  });

  it.each([
    ['password', 'labwire password'],
    ['token', 'labwire token create notebook --role operator'],
  ])('explains %s with an example', async (name, example) => {
    const io = recordingIo();
    expect(await runCli([name, '--help'], io)).toBe(0);
    expect(io.out.join('\n')).toContain(`Examples:\n  ${example}`);
  });
});
