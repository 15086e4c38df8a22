import { describe, expect, test } from 'vitest';
import { read } from '../../drivers/nmea0183/readings.ts';
import { FrameError } from '../../src/index.ts';
import { plain } from './harness.ts';

/** What a sentence without its frame says. */
function said(body: string): Record<string, unknown> | undefined {
  const [address = '', ...fields] = body.split(',');
  const reading = read({ address, fields, skipped: '' });
  return reading && plain(reading.values);
}

const VOID_POSITION = { latitude: '<invalid>', longitude: '<invalid>' };
const VOID_MOTION = { speed: '<invalid>', course: '<invalid>' };

describe('GGA', () => {
  test('says position, altitude, satellites, dilution of precision and fix', () => {
    expect(said('GPGGA,185244.000,4854.2575,N,00219.9816,E,1,05,1.7,124.4,M,47.3,M,,0000')).toEqual({
      latitude: 48 + 54.2575 / 60,
      longitude: 2 + 19.9816 / 60,
      altitude: 124.4,
      satellites: 5,
      hdop: 1.7,
      fix: 1,
    });
  });

  test('is negative in the south and in the west', () => {
    expect(said('GPGGA,,3349.0337,S,01843.9282,W,2,07,2.31,-30.4,M,,M,,')).toMatchObject({
      latitude: -(33 + 49.0337 / 60),
      longitude: -(18 + 43.9282 / 60),
      altitude: -30.4,
      fix: 2,
    });
  });

  test('is void with quality 0, whatever its fields say', () => {
    const expected = { ...VOID_POSITION, altitude: '<invalid>', hdop: '<invalid>', satellites: 3, fix: 0 };
    expect(said('GPGGA,030851.00,,,,,0,03,9.93,,,,,,')).toEqual(expected);
    expect(said('GPGGA,030851.00,4854.2575,N,00219.9816,E,0,03,9.93,124.4,M,47.3,M,,')).toEqual(expected);
  });

  test.each(['7', '8'])('is void with quality %s: typed in by hand, simulated', (quality) => {
    expect(said(`GPGGA,214350,4023.8600,N,00339.1630,W,${quality},09,2.0,695.7,M,51.6,M,,`)).toMatchObject({
      ...VOID_POSITION,
      fix: 0,
    });
  });

  test.each([
    ['3', 1],
    ['4', 4],
    ['5', 5],
    ['6', 6],
  ])('with quality %s has fix %d', (quality, fix) => {
    expect(said(`GPGGA,,4023.8600,N,00339.1630,W,${quality},09,2.0,695.7,M,51.6,M,,`)).toMatchObject({ fix });
  });

  test('says no position where it does not say the quality', () => {
    expect(said('GPGGA,005947.00,3715.6616,N,12157.6709,W,,11,0.8,86.0,M,-30.1,M,,')).toEqual({
      satellites: 11,
      hdop: 0.8,
    });
  });

  test('says nothing of what is empty', () => {
    expect(said('GPGGA,,,,,,1,,,,,,,,')).toEqual({ fix: 1 });
  });

  test('has no altitude in another unit than m', () => {
    expect(said('GPGGA,,,,,,1,,,124.4,f,,,,')).toEqual({ fix: 1, altitude: '<unit>' });
  });

  test.each(['606060', '325960.00', 'noon'])('is read whatever its time says: %s', (time) => {
    expect(said(`GPGGA,${time},4854.2575,N,00219.9816,E,1,05,1.7,124.4,M,47.3,M,,`)).toMatchObject({ fix: 1 });
  });
});

describe('a malformed sentence', () => {
  test.each([
    ['60 minutes', 'GPGLL,4860.0000,N,00219.9816,E,,A'],
    ['a latitude beyond the pole', 'GPGLL,9000.0001,N,00219.9816,E,,A'],
    ['a longitude beyond 180°', 'GPGLL,4854.2575,N,18000.0001,E,,A'],
    ['a latitude in the east', 'GPGLL,4854.2575,E,00219.9816,E,,A'],
    ['a latitude without its side', 'GPGLL,4854.2575,,00219.9816,E,,A'],
    ['half a position', 'GPGLL,4854.2575,N,,,,A'],
    ['a coordinate that lacks a digit', 'GPGLL,854.2575,N,00219.9816,E,,A'],
    ['a number that is none', 'GPVTG,29x.61,T,,M,0.00,N,0.0,K,A'],
    ['a status that there is not', 'GPGLL,4854.2575,N,00219.9816,E,,X'],
    ['a quality that there is not', 'GPGGA,,4854.2575,N,00219.9816,E,A,05,1.7,124.4,M,47.3,M,,'],
    ['too few fields', 'GPRMC,185244.000,A,4854.2575,N,00219.9816,E,0.00'],
    ['too many fields', 'GPGLL,4854.2575,N,00219.9816,E,185244,A,A,A'],
    ['a byte beyond ASCII', 'GPGLL,4854.2575,N,00219.9816,E,18\xb4,A'],
    ['a date that is no number', 'GPZDA,185244.00,21,JUL,2006,00,00'],
  ])('is rejected: %s', (_, body) => {
    expect(() => said(body)).toThrow(FrameError);
  });

  test('is not one at the very pole and at the date line', () => {
    expect(said('GPGLL,9000.0000,S,18000.0000,W,,A')).toEqual({ latitude: -90, longitude: -180, fix: 1 });
  });
});

describe('RMC', () => {
  test('says position, speed in m/s and course', () => {
    expect(said('INRMC,194101,A,4426.1130,N,07140.5596,W,5.2,77.3,160906,15.8,W')).toEqual({
      latitude: 44 + 26.113 / 60,
      longitude: -(71 + 40.5596 / 60),
      speed: (5.2 * 1852) / 3600,
      course: 77.3,
      fix: 1,
    });
  });

  test('is void with status V, and with the modes N, M and S', () => {
    const expected = { ...VOID_POSITION, ...VOID_MOTION, fix: 0 };
    expect(said('GPRMC,214350,V,4023.8600,N,00339.1630,W,10.8,0.0,140605,2.5,W,S')).toEqual(expected);
    for (const mode of 'NMS') {
      expect(said(`GPRMC,214350,A,4023.8600,N,00339.1630,W,10.8,0.0,140605,2.5,W,${mode}`)).toEqual(expected);
    }
  });

  test('has the fix that its mode says', () => {
    expect(said('GNRMC,132820.60,A,4134.49821229,N,09345.03351845,W,3.252,92.308,180320,11.5985,E,D')).toMatchObject({
      fix: 2,
    });
  });

  test('of version 4.1 is not judged by its navigational status, which is V also of a good fix', () => {
    expect(said('GNRMC,132820.60,A,4134.49,N,09345.03,W,3.2,92.3,180320,,,A,V')).toMatchObject({
      fix: 1,
      course: 92.3,
    });
  });

  test('says nothing without a status, and no course while it stands', () => {
    expect(said('GPRMC,,,4854.2575,N,00219.9816,E,0.00,296.61,210706,,,A')).toEqual({});
    expect(said('GPRMC,,A,4854.2575,N,00219.9816,E,0.00,,210706,,,A')).not.toHaveProperty('course');
  });

  test('has no course beyond a full turn', () => {
    expect(said('GPRMC,,A,4854.2575,N,00219.9816,E,0.00,361,210706,,,A')).toMatchObject({
      course: '<invalid>',
      fix: 1,
    });
  });
});

describe('the other types', () => {
  test('VTG says course and speed, from knots', () => {
    expect(said('INVTG,77.5,T,93.3,M,5.2,N,9.7,K')).toEqual({ course: 77.5, speed: (5.2 * 1852) / 3600 });
  });

  test('VTG says speed from km/h where knots are missing', () => {
    expect(said('INVTG,77.5,T,93.3,M,,N,9.7,K,A')).toEqual({ course: 77.5, speed: 9.7 / 3.6 });
  });

  test('VTG with mode N is void', () => {
    expect(said('GPVTG,,,,,,,,,N')).toEqual(VOID_MOTION);
  });

  test('GLL says position and fix, or that there is none', () => {
    expect(said('INGLL,4426.1130,N,07140.5579,W,194102,A')).toEqual({
      latitude: 44 + 26.113 / 60,
      longitude: -(71 + 40.5579 / 60),
      fix: 1,
    });
    expect(said('GPGLL,,,,,030851.00,V,N')).toEqual({ ...VOID_POSITION, fix: 0 });
  });

  test('GSA says the dilution of precision of a fix, and nothing without one', () => {
    expect(said('GNGSA,A,3,03,19,27,13,,,,,,,,,2.75,2.56,1.00')).toEqual({ hdop: 2.56 });
    expect(said('GLGSA,A,1,,,,,,,,,,,,,99.9,99.9,99.9')).toEqual({});
    expect(said('GNGSA,A,3,03,19,27,13,,,,,,,,,2.75,2.56,1.00,1')).toEqual({ hdop: 2.56 });
  });

  test('ZDA says nothing: samples have the time of their arrival', () => {
    expect(said('INZDA,194104,16,09,2006,-05,00')).toEqual({});
  });

  test('DPT and DBT say the depth below the transducer, in m also from feet and fathoms', () => {
    expect(said('INDPT,2.2,0.5')).toEqual({ depth: 2.2 });
    expect(said('SDDPT,2.2,-0.5,100')).toEqual({ depth: 2.2 });
    expect(said('SDDBT,7.2,f,2.2,M,1.2,F')).toEqual({ depth: 2.2 });
    expect(said('SDDBT,10,f,,M,,F')).toEqual({ depth: 3.048 });
    expect(said('SDDBT,,f,,M,10,F')).toEqual({ depth: 18.288 });
  });

  test('HDT says the heading', () => {
    expect(said('HEHDT,123.4,T')).toEqual({ heading: 123.4 });
  });

  test('HDG says the heading from true north: compass, deviation and variation added, west negative', () => {
    expect(said('HCHDG,10.0,2.0,E,15.0,W')).toEqual({ heading: 357 });
    expect(said('HCHDG,350.0,,,15.5,E')).toEqual({ heading: 5.5 });
  });

  test('HDG without a variation has no heading from true north', () => {
    expect(said('HCHDG,101.1,,,,')).toEqual({ heading: '<unit>' });
  });

  test('MTW says the temperature of the water, in °C alone', () => {
    expect(said('INMTW,17.9,C')).toEqual({ water_temperature: 17.9 });
    expect(said('INMTW,64.2,F')).toEqual({ water_temperature: '<unit>' });
  });
});

describe('what is not read', () => {
  test.each([
    ['another type', 'GPGSV,3,3,11,24,51,098,55,30,33,110,50,31,60,230,47'],
    ["a maker's own", 'PGRME,15.0,M,22.5,M,27.0,M'],
    ["a maker's own that ends like a type of the standard", 'PGRMC,A,,,,,,,,,,,,'],
    ['free text', 'HCXDR,A,171,D,PITCH,A,-37,D,ROLL,G,367,,MAGX'],
    ['nothing', ''],
  ])('is passed over: %s', (_, body) => {
    expect(said(body)).toBeUndefined();
  });
});
