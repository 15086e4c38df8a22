import { randomBytes, scrypt } from 'node:crypto';
import { formatPasswordHash, type PasswordHash, type ScryptCost } from '../../base/index.ts';

/** The one of the equals in OWASP's "Password Storage Cheat Sheet" that fits a gateway's memory: 16 MiB for each. */
export const DEFAULT_COST: ScryptCost = { N: 16_384, r: 8, p: 5 };
export const LONGEST_PASSWORD = 1024;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Makes the hash of a password, for comparison with `hash.hash`. */
export type Derive = (password: string, hash: Omit<PasswordHash, 'hash'>, bytes: number) => Promise<Buffer>;

/** On the thread pool: the loop goes on meanwhile. */
export const deriveOnPool: Derive = (password, { N, r, p, salt }, bytes) => {
  const maxmem = 128 * r * (N + p + 2) * 2;
  return new Promise((resolve, reject) => {
    scrypt(canonical(password), salt, bytes, { N, r, p, maxmem }, (error, derived) =>
      error ? reject(error) : resolve(derived),
    );
  });
};

/** `scrypt$N$r$p$salt$hash` of a password, with a salt of its own. */
export async function hashPassword(password: string, cost: ScryptCost = DEFAULT_COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await deriveOnPool(password, { ...cost, salt }, HASH_BYTES);
  return formatPasswordHash({ ...cost, salt, hash });
}

/** What no password fits, as costly as the given one: for users that do not exist. */
export function hashOfNobody({ N, r, p }: ScryptCost = DEFAULT_COST): PasswordHash {
  return { N, r, p, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
}

/** One keyboard sends é as one character, another as two (RFC 8265). */
function canonical(password: string): string {
  return password.normalize('NFC');
}
