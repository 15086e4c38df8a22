import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const fixture = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

it.each([
  ['full', 'disk is full'],
  ['read-only', /readonly|unable to open/],
])(
  'a journal whose disk is %s goes on in memory with an alarm, and has everything once it is mended',
  async (fault, why) => {
    const folder = mkdtempSync(join(tmpdir(), 'labwire-disk-'));
    try {
      // A disk of 4 MB that nothing but this process and its children sees.
      const script = 'mount -t tmpfs -o size=4m none "$1" && exec "$2" --import "$3" "$4" "$1" "$5"';
      const program = [
        process.execPath,
        fixture('typescript-workers.mjs'),
        fixture('fixtures/journal/failing-disk.mjs'),
      ];
      const shell = ['sh', '-c', script, 'sh', folder, ...program, fault];
      const { stdout } = await promisify(execFile)('unshare', ['--user', '--map-root-user', '--mount', ...shell]);
      const { states, recorded, kept, longest } = JSON.parse(stdout);
      expect(states).toEqual([
        ['degraded', expect.stringMatching(why)],
        ['ok', null],
      ]);
      expect(kept).toBe(recorded);
      expect(longest).toBeLessThan(1000);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
