import { describe, expect, test } from 'vitest';
import { sentence } from '../../mocks/index.ts';
import { Bench } from './harness.ts';

const line = (body: string): string => sentence(body).trimEnd();
const GGA = line('GPGGA,185244.000,4854.2575,N,00219.9816,E,2,05,1.7,124.4,M,47.3,M,,0000');
const RMC = line('GPRMC,185244.000,A,4854.2575,N,00219.9816,E,0.00,296.61,210706,,,A');
const GSA = line('GPGSA,A,3,14,01,30,06,09,,,,,,,,2.8,1.65,2.2');

describe('an NMEA 0183 talker', () => {
  test('gives one sample per sentence, at the time of its arrival', async () => {
    const bench = await new Bench('nmea0183').hear(GGA, line('GPVTG,296.61,T,,M,36.0,N,66.7,K,A'));
    expect(bench.samples.map(({ at }) => at)).toEqual([2_000_000, 3_000_000]);
    expect(bench.values[1]).toEqual({ course: 296.61, speed: 18.52 });
  });

  test('counts what it drops, by reason', async () => {
    const bench = await new Bench('nmea0183').hear(
      RMC.replace('*', '*A'),
      RMC.replace('4854', '4855'),
      RMC.slice(0, -3),
      '@\xff\x00~',
      line('GPGLL,4860.0000,N,00219.9816,E,,A'),
      line('GPGLL,4860.0000,N,00219.9816,E,,A'),
    );
    expect(bench.samples).toEqual([]);
    expect(bench.drops).toEqual({ checksum: 1, checksum_missing: 1, invalid: 4 });
  });

  test('neither records nor drops a valid sentence that it does not read', async () => {
    const bench = await new Bench('nmea0183').hear(
      line('GPGSV,3,3,11,24,51,098,55,30,33,110,50,31,60,230,47'),
      line('PGRME,15.0,M,22.5,M,27.0,M'),
      line('GPZDA,185244.00,21,07,2006,00,00').replace('$', '!'),
      line('AIVDM,1,1,,A,14eG;o@034o8sd<L9i:a;WF>062D,0').replace('$', '!'),
    );
    expect(bench.samples).toEqual([]);
    expect(bench.drops).toEqual({});
  });

  test('takes a sentence after a doubled start without a loss, and one after a cut one with', async () => {
    const bench = await new Bench('nmea0183').hear(`$${RMC}`, `$GPGGA,1852${RMC}`);
    expect(bench.samples).toHaveLength(2);
    expect(bench.drops).toEqual({ invalid: 1 });
  });

  test('understands talkers of any system', async () => {
    const bench = await new Bench('nmea0183').hear(
      ...['GP', 'GN', 'GL', 'GA', 'GB', 'BD', 'IN'].map((talker) => line(`${talker}GLL,4854.2575,N,00219.9816,E,,A`)),
    );
    expect(bench.samples).toHaveLength(7);
  });

  test('takes the fix and the dilution of precision from GGA as long as it comes, else from the others', async () => {
    const bench = await new Bench('nmea0183').hear(RMC, GSA, GGA, RMC, GSA);
    expect(bench.values.map(({ fix }) => fix)).toEqual([1, undefined, 2, undefined]);
    expect(bench.values.map(({ hdop }) => hdop)).toEqual([undefined, 1.65, 1.7, undefined]);
    await bench.hear(...Array.from({ length: 9 }, () => RMC));
    expect(bench.values.at(-1)).toMatchObject({ fix: 1 });
  });

  test('says that the position is not valid when the fix is lost', async () => {
    const bench = await new Bench('nmea0183').hear(RMC, line('GPRMC,185245.000,V,,,,,,,210706,,,N'));
    expect(bench.values).toEqual([
      expect.objectContaining({ latitude: 48 + 54.2575 / 60, fix: 1 }),
      { latitude: '<invalid>', longitude: '<invalid>', speed: '<invalid>', course: '<invalid>', fix: 0 },
    ]);
  });

  test('takes sentences without a checksum where the site allows it', async () => {
    const bench = new Bench('nmea0183', { options: { requireChecksum: false } });
    await bench.hear('$GPGLL,3349.0337,S,01843.9282,E,222449,A');
    expect(bench.values).toEqual([{ latitude: -(33 + 49.0337 / 60), longitude: 18 + 43.9282 / 60, fix: 1 }]);
  });

  test('fails after fifty lines without a sentence, and says what may be wrong', async () => {
    const bench = await new Bench('nmea0183').hear(...Array.from({ length: 49 }, () => '\xe6\x98\x06'), GGA);
    expect(bench.acquire.state).toBe('active');
    await bench.hear(...Array.from({ length: 50 }, () => '\xe6\x98\x06'));
    expect(bench.acquire.state).toBe('auto-restart');
    expect(bench.error).toContain('check the baud rate');
  });

  test('fails after fifty sentences without a checksum, and says how to allow them', async () => {
    const bench = await new Bench('nmea0183').hear(...Array.from({ length: 50 }, () => GGA.slice(0, -3)));
    expect(bench.error).toContain('nmea0183: { requireChecksum: false }');
  });
});
