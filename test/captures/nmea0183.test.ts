import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { read } from '../../drivers/nmea0183/readings.ts';
import { parseSentence } from '../../drivers/nmea0183/sentence.ts';
import { recordedLines } from '../../mocks/index.ts';
import { FrameError } from '../../src/index.ts';
import { Bench } from '../drivers/harness.ts';

const captures = process.env.LABWIRE_CAPTURES ?? join(import.meta.dirname, '../../../shared/data');
const folder = join(captures, 'nmea0183');
if (!existsSync(folder)) {
  throw new Error(`There are no captures at ${folder}: name their folder in the environment variable LABWIRE_CAPTURES`);
}
const text = (file: string): string => readFileSync(join(folder, file), 'latin1');

/** Counted with an independent program: lines, sentences with a valid position, those with a void one, and the rejected. */
const logs: readonly [log: string, lines: number, fixes: number, voids: number, drops: Record<string, number>][] = [
  ['ac12', 51, 14, 0, {}],
  ['blumax-gps009', 67, 12, 12, {}],
  ['bu353-glonass', 112, 17, 20, {}],
  ['ch-4711', 75, 14, 14, {}],
  ['com-1289', 98, 28, 0, { checksum: 1 }],
  ['firefly-II', 69, 23, 0, { checksum: 23 }],
  ['garmin-geko201', 213, 0, 54, { checksum_missing: 1 }],
  ['gpslim236', 76, 40, 0, {}],
  ['hp58534a', 13, 0, 0, { checksum_missing: 13 }],
  ['humminbird-M37', 98, 33, 0, {}],
  ['magellan315', 21, 9, 0, {}],
  ['nmea-fuzzy-cases', 28, 28, 0, {}],
  ['tnt-revolution', 60, 0, 0, {}],
  ['ublox-lea-4h', 108, 27, 15, {}],
];

test('every log in the folder is replayed', () => {
  const present = readdirSync(folder).filter((file) => file.endsWith('.log'));
  expect(logs.map(([log]) => `${log}.log`)).toEqual(present.sort());
});

describe.each(logs)('%s', (log, lines, fixes, voids, drops) => {
  const sentences = recordedLines(text(`${log}.log`)).map((line) => line.text);

  test(`gives ${fixes} positions and ${voids} void ones, and drops ${JSON.stringify(drops)}`, async () => {
    expect(sentences).toHaveLength(lines);
    const bench = await new Bench('nmea0183').hear(...sentences);
    expect(bench.acquire.state).toBe('active');
    const latitudes = bench.values.map(({ latitude }) => latitude).filter((latitude) => latitude !== undefined);
    expect(latitudes.filter((latitude) => typeof latitude === 'number')).toHaveLength(fixes);
    expect(latitudes.filter((latitude) => latitude === '<invalid>')).toHaveLength(voids);
    expect(bench.drops).toEqual(drops);
  });

  test('agrees with what gpsd made of it', () => {
    const report = compareWithGpsd(text(`${log}.log.chk`));
    expect(report.differences).toEqual([]);
    // Of what it does not compare, it says nothing: so it must have compared something wherever there is a fix.
    expect(report.compared > 0).toBe(fixes > 0);
  });
});

test('a receiver without checksums is read where that is allowed', async () => {
  const bench = new Bench('nmea0183', { options: { requireChecksum: false } });
  await bench.hear(...recordedLines(text('hp58534a.log')).map((line) => line.text));
  expect(bench.drops).toEqual({});
  expect(bench.values.filter(({ latitude }) => latitude === -(33 + 49.0337 / 60))).toHaveLength(2);
});

/** gpsd's report of a fix. */
interface Tpv {
  class: string;
  status?: number;
  lat?: number;
  lon?: number;
  alt?: number;
  speed?: number;
  track?: number;
}

const SIMULATED = 8;
const DIGIT = { lat: 9, lon: 9, alt: 4, speed: 3, track: 4 } as const;

/** Each of gpsd's reports against what the sentences before it have said, to the last digit that gpsd writes. */
function compareWithGpsd(chk: string): { compared: number; differences: string[] } {
  const said: Record<string, unknown> = {};
  const differences: string[] = [];
  let compared = 0;
  for (const line of chk.split(/\r?\n/)) {
    if (/^[$!]/.test(line)) Object.assign(said, valuesOf(line));
    if (!line.startsWith('{')) continue;
    const tpv = JSON.parse(line) as Tpv;
    // gpsd passes on what a receiver in demonstration mode makes up; labwire does not.
    if (tpv.class !== 'TPV' || tpv.status === SIMULATED) continue;
    const ours = { lat: said.latitude, lon: said.longitude, alt: said.altitude, track: said.course, speed: said.speed };
    for (const key of ['lat', 'lon', 'alt', 'track', 'speed'] as const) {
      const theirs = tpv[key];
      // Where no sentence said speed and course, gpsd reckons a speed from the positions, and no course.
      if (theirs === undefined || (key === 'speed' && tpv.track === undefined)) continue;
      compared++;
      const own = ours[key];
      if (typeof own !== 'number' || Math.abs(own - theirs) > 0.501 * 10 ** -DIGIT[key]) {
        differences.push(`${key} ${own} in ${line}`);
      }
    }
  }
  return { compared, differences };
}

function valuesOf(line: string): Record<string, unknown> {
  try {
    const { values = {} } = read(parseSentence(line, true)) ?? {};
    return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  } catch (error) {
    if (error instanceof FrameError) return {};
    throw error;
  }
}
