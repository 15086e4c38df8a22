import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLogger, systemClock } from '../../src/base/index.ts';
import { PatientJournal } from '../journal/patient-journal.ts';
import { sample, TIME } from '../sinks/parts.ts';
import { CLI, eventually, Folder, labwire, Running } from './labwire-process.ts';

const SAMPLES = 3000;
const folder = new Folder();
const path = folder.file('journal.db');
afterAll(() => folder.remove());
beforeAll(async () => {
  const journal = new PatientJournal({ path, maxSize: 1e9, maxAge: 1e12 }, { clock: systemClock, log: silentLogger });
  await journal.open();
  for (let i = 0; i < SAMPLES; i++) journal.append(sample({ t1: i }, undefined, TIME + i));
  await eventually(() => journal.committed === journal.head);
  await journal.close();
});

/** As a shell runs it. */
function shell(script: string): Running {
  return new Running('bash', ['-c', script, 'bash', process.execPath, CLI, path, folder.path]);
}

const until = '--to 2100-01-01T00:00Z';

it('ends by itself when all is written, to standard output', async () => {
  const { status, stdout, stderr } = await labwire('export', '--journal', path, '--to', '2100-01-01T00:00Z').ended;
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.split('\n')).toHaveLength(1 + SAMPLES + 1);
});

it('ends by itself when all is written, to a file', async () => {
  const out = folder.file('all.csv');
  const { ended } = labwire('export', '--journal', path, '--to', '2100-01-01T00:00Z', '--out', out);
  expect(await ended).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(readFileSync(out, 'utf8').split('\n')).toHaveLength(1 + SAMPLES + 1);
});

it('says in one line that standard output is full', async () => {
  const { status, stderr } = await shell(`"$1" "$2" export --journal "$3" ${until} > /dev/full`).ended;
  expect(status).toBe(1);
  expect(stderr).toMatch(/^labwire: .*standard output.*: ENOSPC[^\n]*\n$/);
});

it('says in one line that the file cannot take more, and removes it', async () => {
  const limited = `ulimit -f 64; "$1" "$2" export --journal "$3" ${until} --out "$4/half.csv"`;
  const { status, stderr } = await shell(limited).ended;
  expect(status).toBe(1);
  expect(stderr).toMatch(/^labwire: The export to .*half\.csv failed, and is not whole: EFBIG[^\n]*\n$/);
  expect(existsSync(folder.file('half.csv'))).toBe(false);
});
