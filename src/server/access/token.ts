import { randomBytes } from 'node:crypto';
import { newSecret } from './secret.ts';

const PATTERN = /^lw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

const ID_BYTES = 6;

export interface TokenParts {
  /** By which it is found; no secret. */
  readonly id: string;
  readonly secret: string;
}

/** Reads `lw_<id>_<secret>`; undefined where it is no such text. */
export function parseToken(text: string): TokenParts | undefined {
  const [, id, secret] = PATTERN.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** A new token. The prefix is there for those who look for secrets in what should hold none. */
export function newToken(): TokenParts & { readonly text: string } {
  const secret = newSecret();
  const id = randomBytes(ID_BYTES).toString('hex');
  return { id, secret, text: `lw_${id}_${secret}` };
}
