/**
 * Random numbers that are the same in each run with the same seed: Marsaglia's xorshift of 32 bits (Journal of Statistical
 * Software 8, 14). Uniform in [0, 1).
 */
export function seededRandom(seed: number): () => number {
  // Zero would give zeros for ever; the factor (Knuth's 2^32 divided by the golden ratio) tells neighbouring seeds apart.
  let state = Math.imul(seed, 0x9e3779b1) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
