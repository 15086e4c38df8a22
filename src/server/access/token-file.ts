import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { ACCOUNT_NAME, LabwireError, roles, toError } from '../../base/index.ts';

const time = z.iso.datetime();

const token = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  name: z.string().regex(ACCOUNT_NAME),
  role: z.enum(roles),
  /** SHA-256 of the secret, in hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  created: time,
  expires: time.optional(),
});

const MOST_TOKENS = 10_000;
const LARGEST_BYTES = 8_388_608;
const content = z.strictObject({ version: z.literal(1), tokens: z.array(token).max(MOST_TOKENS) });

/** What the file says of a token: everything but the token itself. */
export type TokenEntry = z.output<typeof token>;

/** @throws LabwireError TOKEN_FILE where there is a file that cannot be read; a missing one has no tokens */
export function readTokens(file: string): readonly TokenEntry[] {
  let text: string;
  try {
    if (statSync(file).size > LARGEST_BYTES) throw new Error(`it has more than ${LARGEST_BYTES} bytes`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(file, toError(error).message, error);
  }
  return parseTokens(file, text);
}

/** @throws LabwireError TOKEN_FILE */
export function parseTokens(file: string, text: string): readonly TokenEntry[] {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw unreadable(file, toError(error).message, error);
  }
  const result = content.safeParse(given);
  if (!result.success) throw unreadable(file, z.prettifyError(result.error), result.error);
  return result.data.tokens;
}

export function tokensText(tokens: readonly TokenEntry[]): string {
  return `${JSON.stringify({ version: 1, tokens }, null, 2)}\n`;
}

function unreadable(file: string, why: string, cause: unknown): LabwireError {
  const detail = `The file of tokens ${file} cannot be read: ${why}. Mend it, or remove it and make new tokens`;
  return new LabwireError('TOKEN_FILE', detail, { cause });
}
