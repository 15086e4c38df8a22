/** How costly a hash is to make (RFC 7914): `N` blocks of 128 · `r` bytes, `p` times. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

export interface PasswordHash extends ScryptCost {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const PATTERN = /^scrypt\$([1-9]\d{0,6})\$([1-9]\d?)\$([1-9]\d?)\$([A-Za-z0-9+/]{1,86})\$([A-Za-z0-9+/]{1,86})$/;
/** A mistyped figure must neither make guessing cheap nor take all the memory or a minute of every login. */
const LEAST_N = 4096;
const GREATEST_N = 131_072;
const LEAST_R = 8;
const GREATEST_MEMORY = 134_217_728;
const GREATEST_WORK = 2 ** 22;
const SALT_BYTES = [16, 64] as const;
const HASH_BYTES = [32, 64] as const;

/**
 * Reads `scrypt$N$r$p$salt$hash`, with salt and hash in base64 without padding.
 *
 * @returns undefined where it is no such text, or where a figure is out of its range: N a power of two from 4096 to
 *   131072, r from 8, 128 MiB of memory at most, salt 16 to 64 bytes, hash 32 to 64 bytes
 */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const [, n, blocks, rounds, saltText = '', hashText = ''] = PATTERN.exec(text) ?? [];
  const cost = { N: Number(n), r: Number(blocks), p: Number(rounds) };
  const salt = Buffer.from(saltText, 'base64');
  const hash = Buffer.from(hashText, 'base64');
  const sound = isSound(cost) && isWithin(salt.length, SALT_BYTES) && isWithin(hash.length, HASH_BYTES);
  // What is no canonical base64 could be read as one thing here and as another elsewhere.
  const canonical = encoded(salt) === saltText && encoded(hash) === hashText;
  return sound && canonical ? { ...cost, salt, hash } : undefined;
}

export function formatPasswordHash({ N, r, p, salt, hash }: PasswordHash): string {
  return ['scrypt', N, r, p, encoded(salt), encoded(hash)].join('$');
}

function isSound({ N, r, p }: ScryptCost): boolean {
  const isPower = Number.isInteger(Math.log2(N));
  return (
    isPower &&
    N >= LEAST_N &&
    N <= GREATEST_N &&
    r >= LEAST_R &&
    128 * N * r <= GREATEST_MEMORY &&
    N * r * p <= GREATEST_WORK
  );
}

function isWithin(value: number, [least, greatest]: readonly [number, number]): boolean {
  return value >= least && value <= greatest;
}

function encoded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
