import { vi } from 'vitest';

const PATIENCE_MS = 30_000;
const { waitFor } = vi;

/** As Vitest's own, whose second is short for a busy machine: a test that succeeds waits no longer than it must. */
vi.waitFor = (condition, options) =>
  waitFor(condition, typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options });
