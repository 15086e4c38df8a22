import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrafficText, type TrafficTextOptions, trafficJson } from '../../src/cli/traffic-text.ts';
import type { TrafficEntry } from '../../src/port/index.ts';

/** In local time, wherever the test runs. */
const AT = new Date(2026, 10, 24, 12, 4, 5, 123).getTime() * 1000;
const DAY = '2026-11-24';

let sequence = 0;
const entry = (facts: Partial<TrafficEntry> & Pick<TrafficEntry, 'kind'>): TrafficEntry => ({
  sequence: ++sequence,
  at: AT,
  ...facts,
});
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Of entries of one day without a gap. */
function shown(options: TrafficTextOptions, ...entries: TrafficEntry[]): string[] {
  const text = new TrafficText(options);
  return entries.flatMap((each) => text.of(each)).filter((line) => line !== DAY);
}

describe('TrafficText', () => {
  it('shows a question and its answer as hex and text', () => {
    expect(
      shown(
        {},
        entry({ kind: 'state', text: 'open' }),
        entry({ kind: 'sent', bytes: latin1('KRDG? 0\r\n') }),
        entry({ kind: 'received', bytes: latin1('+004.213,+004.350\r\n') }),
        entry({ kind: 'frame', text: '+004.213,+004.350' }),
        entry({ kind: 'dropped', text: 'stale, 3 bytes' }),
        entry({ kind: 'error', text: '/dev/ttyUSB0: KRDG? 0: no answer within 1 s' }),
      ),
    ).toEqual([
      '12:04:05.123  •  open',
      '12:04:05.123  →  4b 52 44 47 3f 20 30 0d 0a                        KRDG? 0\\r\\n',
      '12:04:05.123  ←  2b 30 30 34 2e 32 31 33 2c 2b 30 30 34 2e 33 35   +004.213,+004.35',
      '                 30 0d 0a                                          0\\r\\n',
      '12:04:05.123  =  +004.213,+004.350',
      '12:04:05.123  ×  dropped: stale, 3 bytes',
      '12:04:05.123  !  /dev/ttyUSB0: KRDG? 0: no answer within 1 s',
    ]);
  });

  it('shows bytes that are no text, a backslash too, so that none is mistaken for another', () => {
    expect(shown({}, entry({ kind: 'discarded', bytes: latin1('\x00\x1b\t\\n\x7f\x9b\xb0~') }))).toEqual([
      '12:04:05.123  ×  00 1b 09 5c 6e 7f 9b b0 7e                        \\x00\\x1b\\t\\\\n\\x7f\\x9b\\xb0~',
    ]);
  });

  it('shows a frame that is no text as hex', () => {
    expect(shown({}, entry({ kind: 'frame', text: '\x01\x03\xff' }))).toEqual([
      '12:04:05.123  =  01 03 ff                                          \\x01\\x03\\xff',
    ]);
  });

  it('shows hex alone', () => {
    expect(
      shown({ only: 'hex' }, entry({ kind: 'sent', bytes: latin1('A\n') }), entry({ kind: 'frame', text: 'A' })),
    ).toEqual(['12:04:05.123  →  41 0a', '12:04:05.123  =  41']);
  });

  it('shows text alone, by its own lines', () => {
    const talk = `A\r\nB\r\n\n${'x'.repeat(130)}`;
    expect(shown({ only: 'text' }, entry({ kind: 'received', bytes: latin1(talk) }))).toEqual([
      '12:04:05.123  ←  A\\r\\n',
      '                 B\\r\\n',
      '                 \\n',
      `                 ${'x'.repeat(128)}`,
      '                 xx',
    ]);
  });

  it('tells each new day, and what was overwritten', () => {
    const text = new TrafficText();
    const at = (day: number): number => new Date(2026, 10, day, 1).getTime() * 1000;
    const lines = [
      ...text.of({ sequence: 7, at: at(24), kind: 'state', text: 'open' }),
      ...text.of({ sequence: 8, at: at(24), kind: 'state', text: 'waiting' }),
      ...text.of({ sequence: 10, at: at(25), kind: 'state', text: 'open' }),
      ...text.of({ sequence: 20, at: at(25), kind: 'state', text: 'waiting' }),
    ];
    expect(lines).toEqual([
      '2026-11-24',
      '01:00:00.000  •  open',
      '01:00:00.000  •  waiting',
      '… 1 entry was overwritten',
      '2026-11-25',
      '01:00:00.000  •  open',
      '… 9 entries were overwritten',
      '01:00:00.000  •  waiting',
    ]);
  });

  it('colours whole lines where it may', () => {
    expect(shown({ colours: true }, entry({ kind: 'error', text: 'no answer' }))).toEqual([
      '\u001b[31m12:04:05.123  !  no answer\u001b[0m',
    ]);
  });

  it('leaves words in any language as they are, and what would steer a terminal not', () => {
    expect(shown({}, entry({ kind: 'error', text: 'µ “Öl” \u001b[2J\u009b2J\u202e\r\n\ud800' }))).toEqual([
      '12:04:05.123  !  µ “Öl” \\u{1b}[2J\\u{9b}2J\\u{202e}\\r\\n\\u{d800}',
    ]);
  });
});

const anyEntry: fc.Arbitrary<TrafficEntry> = fc.oneof(
  fc.record({
    sequence: fc.nat(),
    at: fc.nat(),
    kind: fc.constantFrom('sent' as const, 'received' as const, 'discarded' as const),
    bytes: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  }),
  fc.record({
    sequence: fc.nat(),
    at: fc.nat(),
    kind: fc.constantFrom('frame' as const, 'dropped' as const, 'error' as const, 'state' as const),
    text: fc.string({ unit: 'binary' }),
  }),
);

describe('what an instrument or a gateway says', () => {
  it('never reaches the terminal raw', () => {
    fc.assert(
      fc.property(anyEntry, fc.constantFrom(undefined, 'hex' as const, 'text' as const), (each, only) => {
        const lines = new TrafficText({ only }).of(each);
        expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(trafficJson(each)).toMatch(/^[ -~]*$/);
      }),
    );
  });

  it('is whole in JSON', () => {
    const given = entry({ kind: 'error', text: '\u009b “µ”' });
    expect(JSON.parse(trafficJson(given))).toEqual({
      sequence: given.sequence,
      at: expect.stringMatching(/^2026-11-2\dT.*Z$/),
      kind: 'error',
      text: '\u009b “µ”',
    });
    expect(JSON.parse(trafficJson(entry({ kind: 'sent', bytes: latin1('\x00\xff') })))).toMatchObject({ hex: '00ff' });
  });
});
