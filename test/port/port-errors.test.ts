import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openingError } from '../../src/port/port-errors.ts';

it('names the group to join when there is no permission to open a port', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'labwire-group-'));
  const device = join(folder, 'ttyUSB0');
  writeFileSync(device, '');
  const groups = join(folder, 'group');
  writeFileSync(groups, `others:x:4294967:\ndialout:x:${statSync(device).gid}:somebody\n`);
  const cause = new Error(`Error: Permission denied, cannot open ${device}`);
  const error = await openingError(device, cause, groups);
  expect(error.code).toBe('PORT_DENIED');
  expect(error.message).toContain(
    'it belongs to the group dialout; run `sudo usermod -aG dialout $USER`, log out and in again',
  );
  expect(error.cause).toBe(cause);
  expect((await openingError(device, cause, join(folder, 'missing'))).message).toContain(
    'run labwire as a user who may',
  );
  rmSync(folder, { recursive: true });
});
