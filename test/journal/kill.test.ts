import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { silentLogger, systemClock } from '../../src/base/index.ts';
import type { JournalRecord } from '../../src/journal/index.ts';
import { PatientJournal } from './patient-journal.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

interface Report {
  /** When it was heard, ms. */
  readonly at: number;
  readonly number: number;
  readonly head: number;
  readonly committed: number;
}

/** Lets a process record from a number on, and kills it in the midst of it. */
function recordAndKill(path: string, first: number, ms: number): Promise<{ reports: Report[]; killedAt: number }> {
  return new Promise((resolve, reject) => {
    const args = ['--import', fixture('typescript-workers.mjs'), fixture('fixtures/journal/recorder.mjs')];
    const child = spawn(process.execPath, [...args, path, String(first)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    let complaints = '';
    let killedAt = 0;
    const reports: Report[] = [];
    child.stderr.on('data', (data) => {
      complaints += data;
    });
    child.stdout.on('data', (data) => {
      if (text === '' && reports.length === 0)
        setTimeout(() => {
          killedAt = performance.now();
          child.kill('SIGKILL');
        }, ms);
      const lines = (text + data).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const [number = 0, head = 0, committed = 0] = line.split(' ').map(Number);
        reports.push({ at: performance.now(), number, head, committed });
      }
    });
    child.on('close', () =>
      killedAt > 0 && reports.length > 0 ? resolve({ reports, killedAt }) : reject(new Error(`Ended: ${complaints}`)),
    );
  });
}

test('after kill -9 everything is there that was recorded a little before, and no sequence is given twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'labwire-kill-'));
  const path = join(folder, 'journal.db');
  try {
    const certain: [first: number, last: number][] = [];
    let highest = 0;
    let first = 1;
    for (const ms of [150, 330, 90, 510]) {
      const { reports, killedAt } = await recordAndKill(path, first, ms);
      const last = reports.at(-1) as Report;
      // 100 ms are promised; the rest is for a machine that has other things to do.
      const old = reports.findLast(({ at }) => at < killedAt - 400)?.number ?? 0;
      const committed = reports.findLast(({ head }) => head <= last.committed)?.number ?? 0;
      expect(reports[0]?.head).toBeGreaterThan(highest);
      highest = last.head;
      certain.push([first, Math.max(old, committed, first)]);
      first = last.number + 1000;
    }
    const journal = new PatientJournal({ path, maxSize: 2e9, maxAge: 1e13 }, { clock: systemClock, log: silentLogger });
    await journal.open();
    expect(journal.head).toBeGreaterThan(highest);
    const numbers = new Set<number>();
    let sequence = 0;
    for (;;) {
      const records: readonly JournalRecord[] = await journal.read(sequence, 5000);
      if (records.length === 0) break;
      for (const record of records) {
        expect(record.sequence).toBeGreaterThan(sequence);
        sequence = record.sequence;
        if (record.kind === 'sample') numbers.add(Number(record.values.n));
      }
    }
    for (const [from, to] of certain)
      for (let number = from; number <= to; number++) if (!numbers.has(number)) throw new Error(`${number} is lost`);
    expect(journal.lag('sink')).toBe(numbers.size);
    await journal.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
