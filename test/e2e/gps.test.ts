import { beforeAll, describe, expect, it } from 'vitest';
import { sentence } from '../../mocks/index.ts';
import { type Played, playGps, positionsIn, wrongChecksumsIn } from './played-gps.ts';

// Own sentences, with the burst of a receiver that finds its fix, and noise on the line.
const log = [
  sentence('GPRMC,120000.00,V,,,,,,,241126,,,N'),
  sentence('GPGGA,120001.00,4657.0600,N,00726.3160,E,1,09,0.9,542.3,M,48.0,M,,'),
  sentence('GPRMC,120001.00,A,4657.0600,N,00726.3160,E,2.00,90.0,241126,,,A'),
  sentence('GPGGA,120002.00,4657.0610,N,00726.3170,E,1,09,0.9,542.4,M,48.0,M,,').replace('542.4', '942.4'),
  sentence('GPRMC,120002.00,A,4657.0610,N,00726.3170,E,2.00,90.0,241126,,,A'),
  sentence('GNGLL,3349.0337,S,01843.9282,W,120003.00,A,D'),
].join('');

describe('a GPS log, played into a pty', () => {
  let played: Played;
  beforeAll(async () => {
    played = await playGps(log, 10);
  });

  it('is on the broker, each position with unit and quality', () => {
    const latitudes = played.mqtt.get('latitude') ?? [];
    expect(latitudes.map(({ value, unit, quality, reason }) => ({ value, unit, quality, reason }))).toEqual([
      { value: null, unit: '°', quality: 'bad', reason: 'invalid' },
      ...[46 + 57.06 / 60, 46 + 57.06 / 60, 46 + 57.061 / 60, -(33 + 49.0337 / 60)].map((value) => ({
        value,
        unit: '°',
        quality: 'good',
        reason: undefined,
      })),
    ]);
    expect(played.mqtt.get('speed')?.[1]).toMatchObject({ unit: 'm/s', quality: 'good' });
    expect(played.mqtt.get('speed')?.[1]?.value).toBeCloseTo(1.028889, 6);
    expect(played.mqtt.get('altitude')?.map(({ value }) => value)).toEqual([542.3]);
  });

  it('is in the database, each reading with the same value, quality and time', () => {
    for (const [channel, readings] of played.mqtt) {
      expect(played.influx.get(channel)).toEqual(readings.map((reading) => ({ ...reading, unit: undefined })));
    }
    expect(played.influx.size).toBe(played.mqtt.size);
  });

  it('counts the wrong checksum, and the reckoning of the test itself agrees', () => {
    expect(wrongChecksumsIn(log)).toBe(1);
    expect(played.health.dropped).toEqual({ checksum: 1 });
    expect(played.info.dropped).toEqual({ checksum: 1 });
    expect(positionsIn(log)).toHaveLength(4);
  });
});
