import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { monitorCommand } from '../../src/cli/commands/monitor.ts';
import { lengthenLimits } from '../long-limits.ts';
import { Guarded, users } from '../server/access/guarded.ts';
import { recordingIo } from './recording-io.ts';

let server: Guarded;
beforeEach(async () => {
  lengthenLimits();
  server = await new Guarded({ users }).start();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await server.stop();
});

describe('labwire monitor, of a gateway that has users', () => {
  it('is let in by a token, from the command line or from the environment', async () => {
    const token = await server.book.create('notebook', 'viewer');
    for (const [options, env] of [
      [{ token }, {}],
      [{}, { LABWIRE_TOKEN: token }],
    ] as const) {
      const io = recordingIo({ env });
      const monitoring = monitorCommand('live', { url: server.url, ...options }, io);
      await vi.waitFor(() => expect(io.out.join('\n')).toContain('/dev/ttyUSB0'));
      io.stop();
      expect(await monitoring).toBe(0);
    }
  });

  it('says without one how to come by it', async () => {
    const monitoring = monitorCommand('live', { url: server.url }, recordingIo());
    await expect(monitoring).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('LABWIRE_TOKEN'),
    });
  });
});
