/** Resolves as soon as `condition` holds; the operating system takes its time, which is never more than the limit. */
export async function eventually(condition: () => boolean, what: string, limitMs = 20_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what} did not happen within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
