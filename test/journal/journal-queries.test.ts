import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { FakeClock } from '../../src/base/index.ts';
import { JournalQueries } from '../../src/journal/journal-queries.ts';

const folder = mkdtempSync(join(tmpdir(), 'labwire-queries-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a query ends within its limit though the disk never answers, and the next one too', async () => {
  const path = join(folder, 'journal.db');
  // To open it hangs until somebody writes into it.
  execFileSync('mkfifo', [path]);
  const clock = new FakeClock();
  const queries = new JournalQueries(path, clock, () => {});
  const query = { device: 'a', channel: 'b', from: 0, to: 1, points: 2 };
  const asked = Array.from({ length: 4 }, () => queries.ask({ kind: 'history', query }));
  const ended = Promise.allSettled(asked);
  await clock.advance(4999);
  const beforeTheLimit = await Promise.race([ended, 'waiting']);
  await clock.advance(1);
  expect(beforeTheLimit).toBe('waiting');
  for (const answer of await ended) expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'TIMEOUT' } });
  const late = Promise.allSettled([queries.ask({ kind: 'history', query })]);
  await clock.advance(5000);
  expect(await late).toMatchObject([{ reason: { code: 'TIMEOUT' } }]);
  const writer = await open(path, constants.O_RDWR);
  await queries.close();
  await writer.close();
});
