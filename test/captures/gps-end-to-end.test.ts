import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { playGps, positionsIn, wrongChecksumsIn } from '../e2e/played-gps.ts';

const captures = process.env.LABWIRE_CAPTURES ?? join(import.meta.dirname, '../../../shared/data');
const log = (name: string): string => readFileSync(join(captures, 'nmea0183', `${name}.log`), 'latin1');

describe.each(['firefly-II', 'gpslim236'])('%s, played into a pty at its pace', (name) => {
  test('every valid fix is on the broker and in the database, and every wrong checksum is counted', {
    timeout: 120_000,
  }, async () => {
    const text = log(name);
    const expected = positionsIn(text);
    expect(expected.length).toBeGreaterThan(20);
    const { mqtt, influx, health, info } = await playGps(text, 1);
    for (const channel of ['latitude', 'longitude'] as const) {
      const good = (mqtt.get(channel) ?? []).filter(({ quality }) => quality === 'good');
      expect(good.map(({ value }) => Number(value).toFixed(9))).toEqual(expected.map((fix) => fix[channel].toFixed(9)));
      expect(new Set(good.map(({ unit }) => unit))).toEqual(new Set(['°']));
    }
    for (const [channel, readings] of mqtt) {
      expect(influx.get(channel)).toEqual(readings.map((reading) => ({ ...reading, unit: undefined })));
    }
    const wrong = wrongChecksumsIn(text);
    expect(health.dropped.checksum ?? 0).toBe(wrong);
    expect(info.dropped.checksum ?? 0).toBe(wrong);
  });
});
