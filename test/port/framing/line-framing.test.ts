import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/index.ts';
import { type Frame, type LineOptions, lines } from '../../../src/port/index.ts';

/** The frames and drops of a stream that arrives in the given chunks, the n-th at time n. */
function cut(options: LineOptions, chunks: readonly (string | Uint8Array)[]) {
  const frames: Frame[] = [];
  const drops: [string, number][] = [];
  const framer = lines(options).createFramer(
    (frame) => frames.push(frame),
    (reason, bytes) => drops.push([reason, bytes]),
    systemClock,
  );
  for (const [index, chunk] of chunks.entries()) framer.push(Buffer.from(chunk as string, 'latin1'), index);
  return { framer, frames, drops, texts: frames.map((frame) => frame.text) };
}

/** The same bytes in pieces that end at the given places. */
function pieces(bytes: Buffer, ends: readonly number[]): Buffer[] {
  const places = [0, ...ends.map((end) => end % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

const alphabet = fc.array(fc.constantFrom(0x0d, 0x0a, 0x3b, 0x41, 0x42, 0xff, 0x00), { maxLength: 400 });
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  alphabet.map((bytes) => Uint8Array.from(bytes)),
);
const anyOptions = fc.record(
  {
    receive: fc.constantFrom<string | string[]>('\n', '\r', '\r\n', ';FF', 'AAB', ['\r', '\n'], [';', '\r', 'A']),
    send: fc.constant('\r'),
    maxLength: fc.integer({ min: 1, max: 40 }),
  },
  { requiredKeys: ['send', 'maxLength'] },
);

describe('lines', () => {
  it('gives each line with the arrival of the chunk that completed it', () => {
    const { frames } = cut({ send: '\r\n', receive: '\r\n' }, ['+1.0\r\n+2', '.0\r', '\n+3.0\r\n+4.0']);
    expect(frames).toEqual([
      { text: '+1.0', at: 0 },
      { text: '+2.0', at: 2 },
      { text: '+3.0', at: 2 },
    ]);
  });

  it('takes CR LF and LF alike when no terminator is given', () => {
    expect(cut({ send: '\n' }, ['a\r\nb\nc\r', '\n']).texts).toEqual(['a', 'b', 'c']);
  });

  it('takes an explicit terminator as it is', () => {
    expect(cut({ send: '', receive: '\n' }, ['a\r\n']).texts).toEqual(['a\r']);
    expect(cut({ send: '', receive: '\r\n' }, ['a\nb\r\n']).texts).toEqual(['a\nb']);
    expect(cut({ send: '', receive: ';FF' }, ['@253ACK1.10e-9;F', 'F@253']).texts).toEqual(['@253ACK1.10e-9']);
  });

  it('ends a line at each of several characters, and knows no empty line', () => {
    expect(cut({ send: '\r', receive: ['\r', '\n'] }, ['a\rb\r', '\nc\n']).texts).toEqual(['a', 'b', 'c']);
  });

  it('keeps every byte', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index).filter((byte) => byte !== 0x3b);
    const [text] = cut({ send: '', receive: ';' }, [bytes, ';']).texts;
    expect(Buffer.from(text ?? '', 'latin1')).toEqual(Buffer.from(bytes));
  });

  it('sends with its own terminator', () => {
    expect(lines({ receive: '\r\n', send: '\r' }).encode('KRDG? 0')).toEqual(Buffer.from('KRDG? 0\r'));
    expect(lines({ send: '' }).encode('\xff')).toEqual(Buffer.from([0xff]));
  });

  it('refuses terminators that it cannot tell apart', () => {
    for (const receive of ['', [], ['\r\n', '\n'], ['\n', '']])
      expect(() => lines({ send: '', receive })).toThrow('VALUE_INVALID');
  });

  it('drops a line that is too long, counts it once, and takes the next one whole', () => {
    const line = 'x'.repeat(11);
    for (const chunks of [
      [`ok\r\n${line}\r\nnext\r\n`],
      [`ok\r\n${line}`, '\r', '\nne', 'xt\r\n'],
      [...`ok\r\n${line}\r\nnext\r\n`],
    ]) {
      const { texts, drops } = cut({ send: '', maxLength: 10 }, chunks);
      expect(texts).toEqual(['ok', 'next']);
      expect(drops.map(([reason]) => reason)).toEqual(['too_long']);
    }
    expect(cut({ send: '', maxLength: 11 }, [...`${line}\r\n`]).texts).toEqual([line]);
  });

  it('forgets a begun line when it is reset, and says how long it was', () => {
    const { framer, frames } = cut({ send: '' }, ['half']);
    expect(framer.reset()).toBe(4);
    framer.push(Buffer.from('whole\n'), 7);
    expect(frames).toEqual([{ text: 'whole', at: 7 }]);
    expect(framer.reset()).toBe(0);
  });

  it('knows whether a line has begun, also one that was too long', () => {
    const { framer } = cut({ send: '', maxLength: 10 }, []);
    const after = (text: string): boolean => {
      framer.push(Buffer.from(text), 0);
      return framer.hasBegun;
    };
    expect(framer.hasBegun).toBe(false);
    expect(['ok', '\r', '\n', 'x'.repeat(20), 'rest', '\nnext'].map(after)).toEqual([
      true,
      true,
      false,
      true,
      true,
      true,
    ]);
    framer.reset();
    expect(framer.hasBegun).toBe(false);
    expect([after('x'.repeat(20)), framer.reset(), framer.hasBegun]).toEqual([true, 0, false]);
  });

  it('yields the same frames and drops whatever the chunking', () => {
    fc.assert(
      fc.property(anyBytes, fc.array(fc.nat(), { maxLength: 30 }), anyOptions, (bytes, ends, options) => {
        const whole = cut(options as LineOptions, [Buffer.from(bytes)]);
        const inPieces = cut(options as LineOptions, pieces(Buffer.from(bytes), ends));
        expect(inPieces.texts).toEqual(whole.texts);
        expect(inPieces.drops.length).toBe(whole.drops.length);
        for (const text of whole.texts) expect(text.length).toBeLessThanOrEqual(options.maxLength);
      }),
    );
  });

  it('agrees with a plain split of the bytes', () => {
    fc.assert(
      fc.property(anyBytes, fc.constantFrom('\n', '\r\n', ';FF', 'AAB'), (bytes, receive) => {
        const text = Buffer.from(bytes).toString('latin1');
        const expected = text.split(receive).slice(0, -1);
        const { texts } = cut({ send: '', receive }, [...text]);
        expect(texts).toEqual(expected.filter((line) => line !== ''));
      }),
    );
  });

  it('takes the line after any garbage', () => {
    fc.assert(
      fc.property(anyBytes, (garbage) => {
        const { texts } = cut({ send: '', maxLength: 20 }, [Buffer.from(garbage), '\n', '$GPZDA,1*00\r\n']);
        expect(texts.at(-1)).toBe('$GPZDA,1*00');
      }),
    );
  });

  it('works little on megabytes without a terminator, and holds none of them', () => {
    const searched: number[] = [];
    const { indexOf } = Buffer.prototype;
    Buffer.prototype.indexOf = function (this: Buffer, ...given: Parameters<typeof indexOf>) {
      searched.push(this.length);
      return indexOf.apply(this, given);
    } as typeof indexOf;
    try {
      const chunk = Buffer.alloc(512, 0x41);
      const { framer, drops } = cut({ send: '' }, []);
      for (let sent = 0; sent < 4 * 1024 * 1024; sent += chunk.length) framer.push(chunk, 0);
      expect(drops).toEqual([['too_long', 4608]]);
      expect(framer.reset()).toBe(0);
    } finally {
      Buffer.prototype.indexOf = indexOf;
    }
    expect(Math.max(...searched)).toBeLessThanOrEqual(4096 + 512);
    expect(searched.reduce((sum, length) => sum + length, 0)).toBeLessThan(2 * 4 * 1024 * 1024);
  });
});
