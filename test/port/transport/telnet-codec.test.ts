import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DO,
  DONT,
  SUBNEGOTIATION_LIMIT,
  TelnetDecoder,
  telnetData,
  telnetNegotiation,
  telnetSubnegotiation,
  type Verb,
  WILL,
  WONT,
} from '../../../src/port/transport/telnet-codec.ts';

/** What is decoded, data that follows data in one piece. */
function decode(chunks: readonly Uint8Array[]): (string | readonly [string, number, string?])[] {
  const events: (string | readonly [string, number, string?])[] = [];
  const decoder = new TelnetDecoder({
    data: (bytes) => {
      const last = events.at(-1);
      if (typeof last === 'string') events[events.length - 1] = last + bytes.toString('hex');
      else events.push(bytes.toString('hex'));
    },
    negotiation: (verb, option) => events.push([String(verb), option]),
    subnegotiation: (option, payload) => events.push(['sub', option, payload.toString('hex')]),
  });
  for (const chunk of chunks) decoder.push(Buffer.from(chunk));
  return events;
}

function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [...new Set(cuts.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.subarray(start, at[index] ?? bytes.length));
}

/** Bytes of Telnet's own meaning come often enough to meet each other. */
const hostile = fc
  .array(fc.oneof(fc.constantFrom(255, 255, 250, 240, 251, 252, 253, 254, 44), fc.nat(255)), { maxLength: 200 })
  .map((bytes) => Uint8Array.from(bytes));

describe('the Telnet decoder', () => {
  it('tells data, negotiations and subnegotiations apart', () => {
    expect(decode([Buffer.from('6162fffffffd2c63fffa2c6500ffff01fff064', 'hex')])).toEqual([
      '6162ff',
      [String(DO), 44],
      '63',
      ['sub', 44, '6500ff01'],
      '64',
    ]);
  });

  it('passes over commands that mean nothing here', () => {
    expect(decode([Buffer.from('61fff1fff6fff262', 'hex')])).toEqual(['6162']);
  });

  it('drops a subnegotiation that is too long, and goes on after it', () => {
    const exact = Buffer.alloc(SUBNEGOTIATION_LIMIT, 7);
    expect(decode([telnetSubnegotiation(44, exact)])).toEqual([['sub', 44, exact.toString('hex')]]);
    const long = telnetSubnegotiation(44, Buffer.alloc(1_000_000, 7));
    expect(decode([long, Buffer.from('a')])).toEqual(['61']);
  });

  it('drops a subnegotiation whose end was lost, and takes the command that follows', () => {
    expect(decode([Buffer.from('fffa2c65fffd0061', 'hex')])).toEqual([[String(DO), 0], '61']);
    expect(decode([Buffer.from('fffafff061', 'hex')])).toEqual(['61']);
  });

  it('finds the same in any bytes, however they are cut', () => {
    fc.assert(
      fc.property(hostile, fc.array(fc.nat(300), { maxLength: 20 }), (bytes, cuts) => {
        expect(decode(cut(bytes, cuts))).toEqual(decode([bytes]));
      }),
    );
  });

  it('gives back what was encoded', () => {
    const part = fc.oneof(
      hostile.map((bytes) => ({ bytes: telnetData(bytes), event: Buffer.from(bytes).toString('hex') })),
      fc
        .tuple(fc.constantFrom<Verb>(WILL, WONT, DO, DONT), fc.nat(255))
        .map(([verb, option]) => ({ bytes: telnetNegotiation(verb, option), event: [String(verb), option] as const })),
      fc.tuple(fc.nat(254), hostile).map(([option, payload]) => ({
        bytes: telnetSubnegotiation(option, payload),
        event: ['sub', option, Buffer.from(payload).toString('hex')] as const,
      })),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), fc.array(fc.nat(3000), { maxLength: 20 }), (parts, cuts) => {
        const expected: ReturnType<typeof decode> = [];
        for (const { event } of parts) {
          const last = expected.at(-1);
          if (event === '') continue;
          if (typeof event === 'string' && typeof last === 'string') expected[expected.length - 1] = last + event;
          else expected.push(event);
        }
        expect(decode(cut(Buffer.concat(parts.map(({ bytes }) => bytes)), cuts))).toEqual(expected);
      }),
    );
  });
});
