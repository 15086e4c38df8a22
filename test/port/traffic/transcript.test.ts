import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabwireError } from '../../../src/base/index.ts';
import { readTranscript, transcriptHeading, transcriptLine } from '../../../src/port/index.ts';

const HEADING =
  '{"labwire":"transcript","version":1,"port":"/dev/ttyUSB0","serial":{"baudRate":9600},"startedAt":"2026-11-24T03:40:00.000000Z"}';

describe('readTranscript', () => {
  it('reads what a recording has written', () => {
    const text = [
      transcriptHeading('/dev/ttyUSB0', { baudRate: 9600, parity: 'odd', dataBits: 7 }, 1_700_000_000_000_001),
      transcriptLine({ t: 0.05, dir: 'tx', bytes: Buffer.from('K?\r\n') }),
      transcriptLine({ t: 0.0701234, dir: 'rx', bytes: Buffer.from([0x2b, 0xff]) }),
    ].join('');
    expect(text.split('\n')).toEqual([
      '{"labwire":"transcript","version":1,"port":"/dev/ttyUSB0","serial":{"baudRate":9600,"dataBits":7,"parity":"odd"},"startedAt":"2023-11-14T22:13:20.000001Z"}',
      '{"t":0.05,"dir":"tx","hex":"4b 3f 0d 0a"}',
      '{"t":0.070123,"dir":"rx","hex":"2b ff"}',
      '',
    ]);
    expect(readTranscript(text)).toEqual({
      port: '/dev/ttyUSB0',
      serial: { baudRate: 9600, dataBits: 7, parity: 'odd' },
      startedAt: '2023-11-14T22:13:20.000001Z',
      entries: [
        { t: 0.05, dir: 'tx', bytes: Buffer.from('K?\r\n') },
        { t: 0.070123, dir: 'rx', bytes: Buffer.from([0x2b, 0xff]) },
      ],
    });
  });

  it('takes digits without spaces, Windows line ends, and keys that it does not know', () => {
    const { entries } = readTranscript(`${HEADING}\r\n{"t":1,"dir":"rx","hex":"0AfF","ascii":".."}\r\n`);
    expect(entries).toEqual([{ t: 1, dir: 'rx', bytes: Buffer.from([0x0a, 0xff]) }]);
  });

  it.each([
    ['', 'Line 1', 'it is no JSON'],
    ['{"t":0,"dir":"tx","hex":"00"}', 'Line 1', 'no heading of a transcript of version 1'],
    [HEADING.replace('"version":1', '"version":2'), 'Line 1', 'no heading of a transcript of version 1'],
    [`${HEADING}\n{"t":0,"dir":"tx","hex":"0`, 'Line 2', 'it is no JSON'],
    [`${HEADING}\n{"t":0,"dir":"tx","hex":"0"}`, 'Line 2', 'hex: must be pairs of hexadecimal digits'],
    [`${HEADING}\n\n{"t":-1,"dir":"tx","hex":""}`, 'Line 3', 't: '],
    [`${HEADING}\n{"t":0,"dir":"bus","hex":""}`, 'Line 2', 'dir: '],
    [
      `${HEADING}\n{"t":2,"dir":"tx","hex":""}\n{"t":1,"dir":"rx","hex":""}`,
      'Line 3',
      'less than that of the line before',
    ],
    [`${HEADING}\n7`, 'Line 2', 'expected object'],
  ])('names the line that it cannot read: %j', (text, line, why) => {
    expect(() => readTranscript(text)).toThrow(
      expect.objectContaining({ code: 'TRANSCRIPT_INVALID', message: expect.stringContaining(line) }),
    );
    expect(() => readTranscript(text)).toThrow(why);
  });

  it('throws nothing else, whatever the text', () => {
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constant(HEADING),
      fc.record({ t: fc.anything(), dir: fc.anything(), hex: fc.anything() }, { requiredKeys: [] }).map(stringified),
      fc.record({ t: fc.nat(), dir: fc.constantFrom('tx', 'rx'), hex: fc.string() }).map(stringified),
    );
    fc.assert(
      fc.property(fc.array(line), fc.boolean(), (lines, headed) => {
        try {
          readTranscript([...(headed ? [HEADING] : []), ...lines].join('\n'));
        } catch (error) {
          expect(error).toBeInstanceOf(LabwireError);
          expect(error).toMatchObject({ code: 'TRANSCRIPT_INVALID' });
        }
      }),
    );
  });

  it('gives back every entry that was written', () => {
    const steps = fc.array(
      fc.record({ dt: fc.nat(5_000_000), dir: fc.constantFrom('tx', 'rx'), bytes: fc.uint8Array() }),
    );
    fc.assert(
      fc.property(steps, (given) => {
        let us = 0;
        const entries = given.map(({ dt, dir, bytes }) => {
          us += dt;
          return { t: us / 1e6, dir: dir as 'tx' | 'rx', bytes: Buffer.from(bytes) };
        });
        const text = [transcriptHeading('x', {}, 0), ...entries.map(transcriptLine)].join('');
        expect(readTranscript(text).entries).toEqual(entries);
      }),
    );
  });
});

/** Whatever cannot be JSON is a text that is none. */
function stringified(value: unknown): string {
  try {
    return String(JSON.stringify(value));
  } catch {
    return '{';
  }
}
