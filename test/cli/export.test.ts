import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseTime, silentLogger, systemClock } from '../../src/base/index.ts';
import { time } from '../../src/cli/arguments.ts';
import { type ExportOptions, exportCommand } from '../../src/cli/commands/export.ts';
import type { CliIo } from '../../src/cli/io.ts';
import { runCli } from '../../src/cli/program.ts';
import { bad, uncertain } from '../../src/instrument/index.ts';
import type { JournalRecord, SqliteJournal } from '../../src/journal/index.ts';
import { PatientJournal } from '../journal/patient-journal.ts';
import { description, event, sample, TIME } from '../sinks/parts.ts';

let folder: string;
let journal: SqliteJournal;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-export-'));
  journal = new PatientJournal(
    { path: join(folder, 'labwire-data', 'journal.db'), maxSize: 1e9, maxAge: 1e12 },
    { clock: systemClock, log: silentLogger },
  );
  await journal.open();
});
afterEach(async () => {
  await journal.close();
  rmSync(folder, { recursive: true, force: true });
});

async function record(...records: JournalRecord[]): Promise<void> {
  for (const one of records) journal.append(one);
  while (journal.committed < journal.head) await new Promise((resolve) => setTimeout(resolve, 10));
}

interface Outcome {
  status: number;
  out: string;
  err: string;
  progress: string;
}

/** Beside the running journal, as another process would. */
async function labwireExport(options: Partial<ExportOptions> = {}, io: Partial<CliIo> = {}): Promise<Outcome> {
  const outcome = { status: 0, out: '', err: '', progress: '' };
  const config = join(folder, 'labwire.yaml');
  writeFileSync(config, 'gateway: { id: lab_a }\n');
  const output = new Writable({
    highWaterMark: 1,
    write: (chunk, _encoding, done) => {
      outcome.out += String(chunk);
      setImmediate(done);
    },
  });
  const status = await exportCommand(
    { config, format: 'csv', ...options },
    {
      print: () => {},
      complain: (text) => {
        outcome.err += `${text}\n`;
      },
      env: {},
      terminal: false,
      untilStopped: () => new Promise(() => {}),
      ...io,
    },
    {
      output,
      progress: (text) => {
        outcome.progress += text;
      },
    },
  );
  return { ...outcome, status };
}

const oven = description({ device: 'oven', measurement: 'ovens' });

describe('labwire export', () => {
  it('writes a row for each value, in the order of time, while the journal is being written', async () => {
    await record(
      { kind: 'description', sequence: 0, time: TIME, source: description() },
      sample({ t1: 4.2, t2: bad('over_range'), t3: uncertain(7, 'unstable') }),
      sample({ t1: 2, note: 'a,"b"' }, oven, TIME + 2),
      event({}),
      sample({ t1: 1 }, undefined, TIME + 1),
    );
    const { status, out, err } = await labwireExport();
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out.split('\n')).toEqual([
      'time,device,channel,value,unit,quality,reason',
      '2026-11-24T03:40:00.123456Z,cryostat,t1,4.2,K,good,',
      '2026-11-24T03:40:00.123456Z,cryostat,t2,,K,bad,over_range',
      '2026-11-24T03:40:00.123456Z,cryostat,t3,7,K,uncertain,unstable',
      '2026-11-24T03:40:00.123457Z,cryostat,t1,1,K,good,',
      '2026-11-24T03:40:00.123458Z,oven,t1,2,K,good,',
      '2026-11-24T03:40:00.123458Z,oven,note,"a,""b""",,good,',
      '',
    ]);
  });

  it('keeps to a time range and a device, and writes the line protocol of the InfluxDB sink', async () => {
    for (let i = 0; i < 10; i++) await record(sample({ t1: i }, i % 2 ? oven : description(), TIME + i));
    const { out } = await labwireExport({ format: 'line-protocol', device: 'oven', from: TIME + 3, to: TIME + 7 });
    expect(out.split('\n')).toEqual([
      `ovens,device=oven,gateway=lab_a,model=lakeshore-218 t1=3,t1_quality=0i ${TIME + 3}000`,
      `ovens,device=oven,gateway=lab_a,model=lakeshore-218 t1=5,t1_quality=0i ${TIME + 5}000`,
      '',
    ]);
  });

  it('writes a new file whole, tells a terminal how far it is, and never writes over a file', async () => {
    const count = 3000;
    await record(...Array.from({ length: count }, (_, i) => sample({ t1: i, t2: i, t3: i }, undefined, TIME + i)));
    const out = join(folder, 'all.csv');
    const done = await labwireExport({ out }, { terminal: true });
    expect(done).toMatchObject({ status: 0, out: '', err: `3,000 samples in ${out}\n` });
    expect(done.progress).toMatch(/^\r[\d,]+ of 3,000 \(\d+ %\) samples\r/);
    expect(done.progress).toMatch(/\r +\r$/);
    expect(readFileSync(out, 'utf8').split('\n')).toHaveLength(1 + 3 * count + 1);
    await expect(labwireExport({ out })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('already'),
    });
  });

  it('leaves no half file behind when it is interrupted', async () => {
    await record(...Array.from({ length: 3000 }, (_, i) => sample({ t1: i, t2: i, t3: i }, undefined, TIME + i)));
    const out = join(folder, 'half.csv');
    const { status, err, progress } = await labwireExport({ out }, { untilStopped: async () => {} });
    expect({ status, err, progress }).toEqual({
      status: 1,
      err: 'labwire: the export was interrupted\n',
      progress: '',
    });
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    [{ device: 'ovn' }, 'The journal has no device "ovn". Did you mean "oven"?'],
    [{ from: TIME, to: TIME }, 'Nothing lies between'],
    [{ out: '/nowhere/x.csv' }, '/nowhere/x.csv cannot be made'],
  ])('says of %j what is wrong', async (options, message) => {
    await record(sample({ t1: 1 }, oven));
    await expect(labwireExport(options)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(message),
    });
  });

  it('listens for signals only as long as it exports', async () => {
    await record(sample({ t1: 1 }));
    const signals: (AbortSignal | undefined)[] = [];
    const untilStopped = (signal?: AbortSignal): Promise<void> => {
      signals.push(signal);
      return new Promise(() => {});
    };
    await labwireExport({}, { untilStopped });
    await expect(labwireExport({ device: 'none' }, { untilStopped })).rejects.toMatchObject({ code: 'USAGE' });
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });

  it('says so where there is no journal', async () => {
    const io = { print: () => {}, env: {}, terminal: false, untilStopped: async () => {} };
    const err: string[] = [];
    const status = await runCli(['export', '--journal', join(folder, 'none.db')], {
      ...io,
      complain: (text) => err.push(text),
    });
    expect(status).toBe(2);
    expect(err.join('\n')).toMatch(
      /There is no journal .*none\.db: `labwire run` makes it, and --journal names another/,
    );
  });
});

describe('a time on the command line', () => {
  it.each([
    ['2026-11-24T03:40:00.123456Z', TIME],
    ['2026-11-24 03:40Z', TIME - 123_456],
    ['2026-11-24T04:40:00.5+01:00', TIME - 123_456 + 500_000],
    ['2h', (1_000_000 - 7200) * 1_000_000],
    ['2026-11-24', new Date(2026, 10, 24).getTime() * 1000],
    ['2026-11-24T03:40', new Date(2026, 10, 24, 3, 40).getTime() * 1000],
  ])('%s', (text, expected) => {
    expect(parseTime(text, 1e9)).toBe(expected);
  });

  it('is whole µs, or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(\.\d+)?$/)), (text) => {
        try {
          expect(Number.isInteger(time(text))).toBe(true);
        } catch (error) {
          expect((error as Error).name).toBe('InvalidArgumentError');
        }
      }),
    );
    expect(() => time('2026')).toThrow('It must be a time');
  });
});
