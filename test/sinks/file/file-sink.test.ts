import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bad, uncertain } from '../../../src/instrument/index.ts';
import type { Sink } from '../../../src/sinks/index.ts';
import { type FileSinkOptions, fileSink } from '../../../src/sinks/index.ts';
import { description, event, fakeParts, sample, TIME, until } from '../parts.ts';

let folder: string;
const ends: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labwire-files-'));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await rm(folder, { recursive: true, force: true });
});

const DAY_US = 86_400_000_000;

function start(options: Partial<FileSinkOptions> = {}, parts = fakeParts()) {
  const sink = fileSink(
    { name: 'files', path: folder, format: 'csv', rotate: 86_400, maxSize: 1_000_000, ...options },
    parts,
  );
  sink.start();
  const stop = (): Promise<void> => sink.stop(1000);
  ends.push(stop);
  return { sink, parts, stop };
}

/** Lets the clock go on until all is written. */
async function settled(sink: Sink, { clock }: ReturnType<typeof fakeParts>): Promise<void> {
  await until(async () => {
    await clock.advance(500);
    return sink.status.lag === 0;
  });
}

const read = (path: string): Promise<string> => readFile(join(folder, path), 'utf8');
const DAY = 'cryostat/cryostat_2026-11-24';

describe('the file sink', () => {
  test('writes a CSV file for each device and day, whose first line names the units', async () => {
    const { sink, parts } = start();
    const values = { t1: 4.2, t2: bad('over_range'), t3: uncertain(7, 'unstable') } as const;
    parts.journal.append({ kind: 'description', sequence: 0, time: TIME, source: description() });
    parts.journal.append(sample(values));
    parts.journal.append(sample({ t2: Number.NaN }, undefined, TIME + 1));
    parts.journal.append(sample({ t1: 1 }, undefined, TIME + DAY_US));
    await settled(sink, parts);
    expect(await read(`${DAY}.csv`)).toBe(
      [
        'time,t1 [K],t1_quality,t1_reason,t2 [K],t2_quality,t2_reason,t3 [K],t3_quality,t3_reason',
        '2026-11-24T03:40:00.123456Z,4.2,good,,,bad,over_range,7,uncertain,unstable',
        '2026-11-24T03:40:00.123457Z,,,,,bad,invalid,,,',
        '',
      ].join('\n'),
    );
    expect(await read('cryostat/cryostat_2026-11-25.csv')).toContain('\n2026-11-25T03:40:00.123456Z,1,good,');
    expect(sink.status).toMatchObject({ connected: true, lag: 0, delivered: 4, dropped: 0, lastError: null });
  });

  test('writes JSON lines, one for each sample, and the events beside them', async () => {
    const { sink, parts } = start({ format: 'jsonl', rotate: 3600 });
    parts.journal.append(sample({ t1: 4.2, note: 'a\n"b"', t2: bad('stale') }));
    parts.journal.append(event({ device: 'cryostat' }));
    await settled(sink, parts);
    expect(
      (await read(`${DAY}T03.jsonl`))
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        time: '2026-11-24T03:40:00.123456Z',
        gateway: 'lab_a',
        device: 'cryostat',
        channels: {
          t1: { value: 4.2, unit: 'K', quality: 'good' },
          note: { value: 'a\n"b"', quality: 'good' },
          t2: { value: null, unit: 'K', quality: 'bad', reason: 'stale' },
        },
      },
    ]);
    expect(JSON.parse(await read('events/events_2026-11-24T03.jsonl'))).toMatchObject({
      device: 'cryostat',
      code: 'REPLY_TIMEOUT',
    });
  });

  test('quotes texts in CSV, each record on one line', async () => {
    const { sink, parts } = start();
    parts.journal.append(event({ title: 'a,b "c"', text: 'two\r\nlines' }));
    await settled(sink, parts);
    expect(await read('events/events_2026-11-24.csv')).toBe(
      'time,severity,device,kind,code,title,text\n' +
        '2026-11-24T03:40:00.123456Z,warning,,task,REPLY_TIMEOUT,"a,b ""c""",two lines\n',
    );
  });

  test('goes on in the file after a restart, and cuts off half a line that a crash has left', async () => {
    const first = start();
    first.parts.journal.append(sample({ t1: 1 }));
    await settled(first.sink, first.parts);
    await first.stop();
    const before = await read(`${DAY}.csv`);
    await appendFile(join(folder, `${DAY}.csv`), '2026-11-24T03:40:01.0000');
    const second = start();
    second.parts.journal.append(sample({ t1: 2 }, undefined, TIME + 1));
    await settled(second.sink, second.parts);
    expect(await read(`${DAY}.csv`)).toBe(`${before}2026-11-24T03:40:00.123457Z,2,good,,,,,,,\n`);
  });

  test('begins anew where a crash has left half a header, or somebody emptied or removed the file', async () => {
    await mkdir(join(folder, 'cryostat'));
    await writeFile(join(folder, `${DAY}.csv`), 'time,t1 [');
    const { sink, parts } = start();
    for (const [i, harm] of [
      async () => {},
      () => truncate(join(folder, `${DAY}.csv`)),
      () => rm(join(folder, `${DAY}.csv`)),
    ].entries()) {
      await harm();
      parts.journal.append(sample({ t1: i }, undefined, TIME + i));
      await settled(sink, parts);
      expect((await read(`${DAY}.csv`)).split('\n')).toEqual([
        expect.stringMatching(/^time,t1 \[K\],/),
        expect.stringContaining(`Z,${i},good`),
        '',
      ]);
    }
  });

  test('begins another part when the columns change, and goes on in the first when they are as before', async () => {
    const { sink, parts } = start();
    const other = description({ channels: new Map() });
    for (const [i, source] of [description(), other, description()].entries()) {
      parts.journal.append(sample({ t1: i }, source, TIME + i));
      await settled(sink, parts);
    }
    expect((await read(`${DAY}.csv`)).split('\n')).toHaveLength(4);
    expect(await read(`${DAY}.2.csv`)).toBe('time\n2026-11-24T03:40:00.123457Z\n');
  });

  test('follows a file that has grown too large by another, also after a restart', async () => {
    for (let run = 0; run < 2; run++) {
      const { sink, parts, stop } = start({ maxSize: 200 });
      for (let i = 0; i < 4; i++) {
        parts.journal.append(sample({ t1: 10 * run + i }, undefined, TIME + 10 * run + i));
        await settled(sink, parts);
      }
      await stop();
    }
    const names = (await readdir(join(folder, 'cryostat'))).sort();
    expect(names.length).toBeGreaterThan(2);
    const rows = (await Promise.all(names.map((name) => read(`cryostat/${name}`)))).map((text) =>
      text.split('\n').slice(1, -1),
    );
    expect(rows.flat()).toHaveLength(8);
    expect(rows.every((part) => part.length >= 1 && part.length <= 4)).toBe(true);
  });

  test('writes a batch once, though one of its files cannot be written for a while, and says so', async () => {
    await writeFile(join(folder, 'oven'), 'a file where a folder should be');
    const { sink, parts } = start();
    parts.journal.append(sample({ t1: 1 }));
    parts.journal.append(sample({ t1: 2 }, description({ device: 'oven' })));
    await until(() => sink.status.retries === 1);
    await parts.clock.advance(600);
    await until(() => sink.status.retries === 2);
    expect(sink.status).toMatchObject({ connected: false, lag: 2 });
    expect(parts.log.lines).toEqual([
      expect.stringMatching(/^warn .*a file stands where a folder should be \(SINK_FILE\)$/),
    ]);
    await rm(join(folder, 'oven'));
    await settled(sink, parts);
    expect((await read(`${DAY}.csv`)).split('\n')).toHaveLength(3);
    expect(await read('oven/oven_2026-11-24.csv')).toContain(',2,good,');
    expect(sink.status).toMatchObject({ connected: true, lastError: null, delivered: 2 });
    expect(parts.log.lines.at(-1)).toMatch(/^info Writing to/);
  });

  test('a full disk holds up what is to go there, says so, and costs nothing', async () => {
    await mkdir(join(folder, 'cryostat'));
    await symlink('/dev/full', join(folder, `${DAY}.csv`));
    const { sink, parts } = start();
    parts.journal.append(sample({ t1: 1 }));
    parts.journal.append(sample({ t1: 2 }, description({ device: 'oven' })));
    await until(() => sink.status.retries === 1);
    expect(sink.status).toMatchObject({
      connected: false,
      lag: 2,
      lastError: expect.stringContaining('the disk is full'),
    });
    expect(await read('oven/oven_2026-11-24.csv')).toContain(',2,good,');
    await rm(join(folder, `${DAY}.csv`));
    await settled(sink, parts);
    expect(await read(`${DAY}.csv`)).toContain(',1,good,');
    expect((await read('oven/oven_2026-11-24.csv')).split('\n')).toHaveLength(3);
    expect(sink.status).toMatchObject({ connected: true, dropped: 0, lastError: null });
  });

  test('a stop writes what waits for its turn', async () => {
    const { sink, parts, stop } = start();
    parts.journal.append(sample({ t1: 1 }));
    await settled(sink, parts);
    parts.journal.append(sample({ t1: 2 }, undefined, TIME + 1));
    await stop();
    expect((await read(`${DAY}.csv`)).split('\n')).toHaveLength(4);
    expect(sink.status).toMatchObject({ lag: 0, connected: false });
    expect(parts.clock.pending).toBe(0);
  });

  test('a stop ends though nothing can be written', async () => {
    const { sink, parts, stop } = start({ path: join(folder, 'taken') });
    await writeFile(join(folder, 'taken'), '');
    await chmod(join(folder, 'taken'), 0o400);
    parts.journal.append(sample({ t1: 1 }));
    await until(() => sink.status.retries === 1);
    await stop();
    expect(sink.status.lag).toBe(1);
    expect(parts.clock.pending).toBe(0);
  });
});
