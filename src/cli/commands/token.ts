import { ACCOUNT_NAME, LabwireError, parseDuration, type Role } from '../../base/index.ts';
import { formatIssue, loadConfiguration } from '../../config/index.ts';
import { type ListedToken, TokenBook } from '../../server/index.ts';
import type { CliIo } from '../io.ts';
import { createLogger } from '../log.ts';
import { siteParts } from '../package.ts';
import { tokenFileOf } from '../site.ts';
import { table } from '../table.ts';

export interface TokenOptions {
  readonly config: string;
}

const LONGEST_LIFE_S = 100 * 365 * 86_400;

/** `labwire token create`: prints the token, which nobody can show again. A gateway that runs takes it at once. */
export async function tokenCreateCommand(
  name: string,
  options: TokenOptions & { readonly role: Role; readonly expires?: string },
  io: CliIo,
): Promise<number> {
  if (!ACCOUNT_NAME.test(name)) {
    const rule = 'a letter or digit followed by letters, digits, ., _, @ or - (63 at most)';
    throw new LabwireError('USAGE', `${JSON.stringify(name)} is no name of a token: it must be ${rule}`);
  }
  const expires = options.expires === undefined ? undefined : Date.now() + lifeOf(options.expires) * 1000;
  const book = await bookOf(options, io);
  io.print(await book.create(name, options.role, expires));
  io.complain('Keep it now: it is not stored, and cannot be shown again.');
  return 0;
}

/** `labwire token list`: everything but the tokens themselves. */
export async function tokenListCommand(options: TokenOptions & { json?: boolean }, io: CliIo): Promise<number> {
  const tokens = (await bookOf(options, io)).list();
  if (options.json) io.print(JSON.stringify(tokens, null, 2));
  else if (tokens.length === 0) io.print('There are no tokens; `labwire token create` makes one.');
  else io.print(table(['NAME', 'ROLE', 'CREATED', 'EXPIRES', 'LAST USED'], tokens.map(row)));
  return 0;
}

/** `labwire token revoke`: it is of no use from now on, also to who is connected by it. */
export async function tokenRevokeCommand(name: string, options: TokenOptions, io: CliIo): Promise<number> {
  await (await bookOf(options, io)).revoke(name);
  io.complain(`${name} is revoked`);
  return 0;
}

async function bookOf({ config }: TokenOptions, io: CliIo): Promise<TokenBook> {
  const { drivers } = await siteParts(config, createLogger({ pretty: io.terminal, env: io.env }));
  // What is wrong elsewhere is no matter here, and a server that nobody may use yet waits for its first token.
  const { sound, issues } = loadConfiguration(config, { sections: Object.keys(drivers), env: io.env });
  if (sound) return new TokenBook(tokenFileOf(config, sound));
  for (const issue of issues) io.complain(formatIssue(issue));
  throw new LabwireError('CONFIG_INVALID', `${config} does not tell where the tokens are: correct it, see above`);
}

function row({ name, role, created, expires, lastUsed }: ListedToken): string[] {
  const over = expires !== undefined && Date.parse(expires) <= Date.now();
  return [
    name,
    role,
    day(created),
    expires === undefined ? 'never' : minute(expires) + (over ? ' (over)' : ''),
    lastUsed === undefined ? 'never' : minute(lastUsed),
  ];
}

const day = (time: string): string => time.slice(0, 10);
const minute = (time: string): string => `${time.slice(0, 16)}Z`;

function lifeOf(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined && seconds > 0 && seconds <= LONGEST_LIFE_S) return seconds;
  throw new LabwireError('USAGE', `--expires must be a time such as 90d or 12h, is ${JSON.stringify(text)}`);
}
