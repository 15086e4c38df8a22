// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what a configuration holds.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatPasswordHash } from '../../src/base/index.ts';
import { formatIssue, type LoadedConfiguration, loadConfiguration } from '../../src/config/index.ts';

const HASH = formatPasswordHash({ N: 16_384, r: 8, p: 5, salt: Buffer.alloc(16, 1), hash: Buffer.alloc(32, 2) });
const USERS = `users: { ada: { role: admin, password: "${HASH}" } }`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-server-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function load(text: string, env: Record<string, string> = {}): LoadedConfiguration {
  const file = join(folder, 'labwire.yaml');
  writeFileSync(file, text);
  return loadConfiguration(file, { sections: [], env });
}

const printed = (text: string, env?: Record<string, string>): string[] =>
  load(text, env).issues.map((issue) => formatIssue(issue).replaceAll(`${folder}/`, ''));

describe('who may use the gateway', () => {
  it('is nobody in particular on this machine, and the gateway takes writes', () => {
    const { configuration } = load('');
    expect(configuration?.server).toEqual({ host: '127.0.0.1', port: 8001, users: {}, origins: [] });
    expect(configuration?.gateway.readOnly).toBe(false);
  });

  it('is written with roles and hashes, which may come from elsewhere', () => {
    const text =
      'server: { users: { ada: { role: operator, password: "${ADA}" } }, origins: ["https://lab.example:3000"] }';
    expect(load(text, { ADA: HASH }).configuration?.server).toMatchObject({
      users: { ada: { role: 'operator', password: HASH } },
      origins: ['https://lab.example:3000'],
    });
  });

  it('has its files beside the configuration', () => {
    const { configuration } = load('server: { tokens: keys/tokens.json, tls: { cert: a.crt, key: /etc/a.key } }');
    expect(configuration?.server.tokens).toBe(join(folder, 'keys/tokens.json'));
    expect(configuration?.server.tls).toEqual({ cert: join(folder, 'a.crt'), key: '/etc/a.key' });
  });

  it.each(['0.0.0.0', '::', '192.168.1.5', 'labhost'])('must be said where the server listens on %s', (host) => {
    const [issue = '', ...more] = printed(`server: { host: "${host}" }`);
    expect(more).toEqual([]);
    expect(issue).toContain(
      'labwire.yaml:1:17: server.host lets others reach the gateway, so it must know who may: add users:',
    );
    expect(issue).toContain('labwire password');
    expect(issue).toContain('labwire token');
    expect(printed(`server: { host: "${host}", ${USERS} }`)).toEqual([]);
    expect(printed(`server: { host: "${host}", tokens: tokens.json }`)).toEqual([]);
  });

  it.each(['127.0.0.1', 'localhost', '::1', '127.0.0.2'])('need not be said where it listens on %s', (host) => {
    expect(printed(`server: { host: "${host}" }`)).toEqual([]);
  });

  it('tells of a plain password to hash it, and never shows it', () => {
    const [issue = ''] = printed('server: { users: { ada: { role: admin, password: hunter2 } } }');
    expect(issue).toContain('server.users.ada.password must be the hash of a password: run `labwire password`');
    expect(issue).not.toContain('hunter2');
    const [substituted = ''] = printed('server: { users: { ada: { role: admin, password: "${ADA}" } } }', {
      ADA: 'hunter2',
    });
    expect(substituted).toContain('labwire password');
    expect(substituted).not.toContain('hunter2');
  });

  it.each([
    [
      `{ users: { ada: { role: root, password: "${HASH}" } } }`,
      'server.users.ada.role must be "viewer", "operator" or "admin", is "root"',
    ],
    ['{ users: { ada: { role: admin } } }', 'server.users.ada lacks "password"'],
    [`{ users: { ada: { role: admin, pasword: "${HASH}" } } }`, 'Did you mean "password"?'],
    [
      `{ users: { "a:b": { role: admin, password: "${HASH}" } } }`,
      'has the key "a:b", which must be a letter or digit',
    ],
    [`{ users: { local: { role: admin, password: "${HASH}" } } }`, 'is reserved'],
    ['{ tls: { cert: a.crt } }', 'server.tls lacks "key"'],
    ['{ origins: ["https://lab.example/page"] }', 'must be a scheme, host and port without a path'],
    ['{ origins: ["*"] }', 'must be a scheme, host and port'],
    ['{ origins: ["https://*.example"] }', 'must be a scheme, host and port'],
    ['{ user: {} }', 'Did you mean "users"?'],
  ])('is not taken as %s', (server, message) => {
    expect(printed(`server: ${server}`).join('\n')).toContain(message);
  });
});
