import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { read } from '../../drivers/nmea0183/readings.ts';
import { parseSentence } from '../../drivers/nmea0183/sentence.ts';
import { sentence } from '../../mocks/index.ts';
import { FrameError } from '../../src/index.ts';

const GGA = '$GPGGA,185244.000,4854.2575,N,00219.9816,E,1,05,1.7,124.4,M,47.3,M,,0000*56';

function reasonOf(line: string, requireChecksum = true): string {
  try {
    parseSentence(line, requireChecksum);
  } catch (error) {
    if (error instanceof FrameError) return error.reason;
    throw error;
  }
  return 'none';
}

describe('the sentence in a line', () => {
  test('is taken apart into its address and its fields', () => {
    expect(parseSentence('$INDPT,2.2,0.0*47', true)).toEqual({ address: 'INDPT', fields: ['2.2', '0.0'], skipped: '' });
  });

  test('begins at the last start, after a doubled one', () => {
    expect(parseSentence(`$${GGA}`, true)).toMatchObject({ address: 'GPGGA', skipped: '$' });
  });

  test('begins at the last start, after one that was cut', () => {
    expect(parseSentence(`$GPRMC,185243.000,A,48${GGA}`, true)).toMatchObject({
      address: 'GPGGA',
      skipped: '$GPRMC,185243.000,A,48',
    });
  });

  test('is taken with a checksum in small letters, and with blanks behind it', () => {
    expect(reasonOf('$GPRMC,185244.000,A,4854.2575,N,00219.9816,E,0.00,296.61,210706,,,A*6c ')).toBe('none');
  });

  test.each([
    ['a wrong checksum', GGA.replace('*56', '*57'), 'checksum'],
    ['a byte changed within it', GGA.replace('4854', '4855'), 'checksum'],
    ['no checksum', GGA.slice(0, -3), 'checksum_missing'],
    ['a star and nothing behind it', '$GPBOD,,T,,M,,*', 'checksum_missing'],
    ['half a checksum', GGA.slice(0, -1), 'invalid'],
    ['more than a checksum behind the star', `${GGA}7`, 'invalid'],
    ['no start, since listening began in its middle', GGA.slice(20), 'invalid'],
    ['nothing in it', '', 'invalid'],
  ])('is rejected with %s', (_, line, reason) => {
    expect(reasonOf(line)).toBe(reason);
  });

  test('is taken without a checksum where that is allowed, but not with a wrong one', () => {
    expect(reasonOf(GGA.slice(0, -3), false)).toBe('none');
    expect(reasonOf(GGA.replace('*56', '*57'), false)).toBe('checksum');
  });
});

describe('whatever bytes come', () => {
  const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
  const address = fc.constantFrom('GGA', 'RMC', 'GLL', 'VTG', 'GSA', 'ZDA', 'DPT', 'DBT', 'HDT', 'HDG', 'MTW');
  const field = fc.oneof(
    fc.constantFrom('', 'A', 'V', 'N', 'E', 'M', '0', '1', '4854.2575', '00219.9816', '12.5', '-1', '61'),
    fc.string({ unit: byte, maxLength: 6 }),
  );

  test('the parser throws nothing but a FrameError', () => {
    fc.assert(
      fc.property(fc.string({ unit: byte }), fc.boolean(), (line, requireChecksum) => {
        expect(reasonOf(line, requireChecksum)).toMatch(/^(none|invalid|checksum|checksum_missing)$/);
      }),
    );
  });

  test('a well-framed sentence gives finite numbers in their ranges or a FrameError', () => {
    fc.assert(
      fc.property(address, fc.array(field, { maxLength: 20 }), (type, fields) => {
        let values: Readonly<Record<string, unknown>> = {};
        try {
          values = read({ address: `GP${type}`, fields, skipped: '' })?.values ?? {};
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
        for (const value of Object.values(values)) {
          if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
        }
        const { latitude = 0, longitude = 0, course = 0, heading = 0 } = values as Record<string, number>;
        if (typeof latitude === 'number') expect(Math.abs(latitude)).toBeLessThanOrEqual(90);
        if (typeof longitude === 'number') expect(Math.abs(longitude)).toBeLessThanOrEqual(180);
        for (const angle of [course, heading]) if (typeof angle === 'number') expect(angle).toBeLessThanOrEqual(360);
      }),
      { numRuns: 500 },
    );
  });

  test('a sentence with any one byte changed is never understood', () => {
    const understood = (line: string): boolean => {
      try {
        return read(parseSentence(line, true)) !== undefined;
      } catch {
        return false;
      }
    };
    expect(understood(GGA)).toBe(true);
    fc.assert(
      fc.property(fc.nat(GGA.length - 1), byte, (at, changed) => {
        // Both `$` and `!` begin a sentence, and are outside of its checksum.
        fc.pre(GGA[at] !== changed && !(at === 0 && changed === '!'));
        expect(understood(GGA.slice(0, at) + changed + GGA.slice(at + 1))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('what is made into a sentence is read back', () => {
    const printable = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    });
    fc.assert(
      fc.property(printable, (text) => {
        const body = text.replaceAll(/[$!*]/g, '.');
        const { address, fields } = parseSentence(sentence(body).trimEnd(), true);
        expect([address, ...fields].join(',')).toBe(body);
      }),
    );
  });
});
