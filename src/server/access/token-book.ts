import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { LabwireError, type Role, toError } from '../../base/index.ts';
import { readLastUse } from './last-use.ts';
import { makeFolder, replacePrivateFile } from './private-file.ts';
import { digestOf } from './secret.ts';
import { newToken } from './token.ts';
import { readTokens, type TokenEntry, tokensText } from './token-file.ts';

const LOCK_LIMIT_MS = 2000;
const LOCK_RETRY_MS = 20;
/** Nobody holds it for so long: whoever did has been killed. */
const STALE_LOCK_MS = 10_000;

export interface ListedToken extends Omit<TokenEntry, 'hash'> {
  readonly lastUsed?: string;
}

/** The file of tokens as the one who gives them out sees it. The gateway, running or not, only reads it. */
export class TokenBook {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws LabwireError TOKEN_FILE */
  list(): readonly ListedToken[] {
    const used = readLastUse(this.#file);
    return readTokens(this.#file).map(({ hash, ...entry }) => {
      const lastUsed = used[entry.id];
      return { ...entry, ...(lastUsed !== undefined && { lastUsed }) };
    });
  }

  /**
   * @param expires ms since the Unix epoch
   * @returns the token, which is nowhere kept and can never be shown again
   * @throws LabwireError USAGE where the name is taken, TOKEN_FILE
   */
  create(name: string, role: Role, expires?: number): Promise<string> {
    return this.#change((tokens) => {
      if (tokens.some((other) => other.name === name)) {
        const remedy = `revoke it first (labwire token revoke ${name}), or choose another name`;
        throw new LabwireError('USAGE', `There is a token with the name ${name} already; ${remedy}`);
      }
      const { id, secret, text } = newToken();
      const created = new Date().toISOString();
      const hash = digestOf(secret).toString('hex');
      const until = expires === undefined ? {} : { expires: new Date(expires).toISOString() };
      return { tokens: [...tokens, { id, name, role, hash, created, ...until }], result: text };
    });
  }

  /** @throws LabwireError USAGE where there is none of that name, TOKEN_FILE */
  revoke(name: string): Promise<void> {
    return this.#change((tokens) => {
      const rest = tokens.filter((other) => other.name !== name);
      if (rest.length === tokens.length)
        throw new LabwireError('USAGE', `There is no token with the name ${name}; \`labwire token list\` shows them`);
      return { tokens: rest, result: undefined };
    });
  }

  async #change<T>(edit: (tokens: readonly TokenEntry[]) => { tokens: readonly TokenEntry[]; result: T }): Promise<T> {
    const unlock = await this.#lock();
    try {
      const { tokens, result } = edit(readTokens(this.#file));
      try {
        replacePrivateFile(this.#file, tokensText(tokens));
      } catch (error) {
        throw unwritable(this.#file, error);
      }
      return result;
    } finally {
      unlock();
    }
  }

  /** So that two who give out tokens at once do not lose one of them. */
  async #lock(): Promise<() => void> {
    const lock = `${this.#file}.lock`;
    try {
      makeFolder(dirname(lock));
    } catch (error) {
      throw unwritable(this.#file, error);
    }
    for (const end = performance.now() + LOCK_LIMIT_MS; ; ) {
      try {
        closeSync(openSync(lock, 'wx', 0o600));
        return () => rmSync(lock, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(this.#file, error);
        if (performance.now() > end)
          throw new LabwireError('TOKEN_FILE', `Another labwire holds ${lock}; try again, or remove it if none runs`);
        const held = statSync(lock, { throwIfNoEntry: false });
        if (held && Date.now() - held.mtimeMs > STALE_LOCK_MS) rmSync(lock, { force: true });
        else await wait(LOCK_RETRY_MS);
      }
    }
  }
}

function unwritable(file: string, cause: unknown): LabwireError {
  const detail = `The file of tokens ${file} cannot be written: ${toError(cause).message}`;
  return new LabwireError('TOKEN_FILE', detail, { cause });
}
