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

/** Of 5 ms at the least each: within the 100 ms that are promised what was given is on its way to the disk. */
const TICKS = 20;

interface Report {
  readonly number: number;
  readonly head: number;
  readonly committed: number;
}

/** Lets a process record from a number on, and kills it so long after its first commit, or, for 0, before that. */
function recordAndKill(path: string, first: number, ms: number): Promise<Report[]> {
  return new Promise((resolve, reject) => {
    const args = ['--import', fixture('typescript-workers.mjs'), fixture('fixtures/journal/recorder.mjs')];
    const child = spawn(process.execPath, [...args, path, String(first)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    let complaints = '';
    let isDue = false;
    const reports: Report[] = [];
    child.stderr.on('data', (data) => {
      complaints += data;
    });
    child.stdout.on('data', (data) => {
      const lines = (text + data).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const [number = 0, head = 0, committed = 0] = line.split(' ').map(Number);
        reports.push({ number, head, committed });
      }
      const [begin, now] = [reports[0], reports.at(-1)];
      if (isDue || !begin || !now || (ms > 0 && now.committed <= begin.committed)) return;
      isDue = true;
      setTimeout(() => child.kill('SIGKILL'), ms);
    });
    child.on('close', () => (isDue ? resolve(reports) : reject(new Error(`Ended: ${complaints}`))));
  });
}

/** After a commit the next takes soon all that there is: how long the disk then takes is not for the journal to say. */
function checkPace(reports: readonly Report[]): void {
  const done = reports.flatMap(({ committed }, i) => (committed !== reports[i - 1]?.committed ? [i] : []));
  for (const [i, at] of done.entries()) {
    const next = reports[done[i + 1] ?? Number.POSITIVE_INFINITY];
    if (next) expect(reports.findIndex(({ head }) => head >= next.committed) - at).toBeLessThanOrEqual(TICKS);
  }
}

test('after kill -9 everything is there that was committed, a little after it was recorded, and no sequence is given twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'labwire-kill-'));
  const path = join(folder, 'journal.db');
  try {
    const certain: [first: number, last: number][] = [];
    let highest = 0;
    let first = 1;
    for (const ms of [100, 280, 0, 40, 460]) {
      const reports = await recordAndKill(path, first, ms);
      const last = reports.at(-1) as Report;
      checkPace(reports);
      const committed = reports.findLast(({ head }) => head <= last.committed)?.number ?? first - 1;
      expect(reports[0]?.head).toBeGreaterThan(highest);
      highest = last.head;
      certain.push([first, committed]);
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
