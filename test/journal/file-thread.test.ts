import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const workers = new URL('../typescript-workers.mjs', import.meta.url).href;
const address = (file: string): string => JSON.stringify(new URL(`../../src/${file}`, import.meta.url));

test.each([[['--input-type=module']], [['--input-type', 'module']]])(
  'the journal works in a program that is given on the command line with %j',
  async (option) => {
    const folder = mkdtempSync(join(tmpdir(), 'labwire-thread-'));
    const program = `
    import { silentLogger, systemClock } from ${address('base/index.ts')};
    import { SqliteJournal } from ${address('journal/index.ts')};
    const path = ${JSON.stringify(join(folder, 'journal.db'))};
    const options = { path, maxSize: 1e9, maxAge: 1e13, openLimit: 60_000 };
    const journal = new SqliteJournal(options, { clock: systemClock, log: silentLogger });
    await journal.open();
    console.info(journal.state.state);
    await journal.close();
  `;
    try {
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', workers, ...option, '-e', program]);
      expect(stdout.trim()).toBe('ok');
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
