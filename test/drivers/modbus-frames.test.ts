import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asciiFraming, fromAscii, toAscii } from '../../drivers/modbus/ascii.ts';
import { answerTo, exchange, type Question, request } from '../../drivers/modbus/question.ts';
import { fromRtu, rtuFraming, toRtu } from '../../drivers/modbus/rtu.ts';
import { FakeClock, type Frame, type Framing } from '../../src/index.ts';

const latin1 = (hex: string): string => Buffer.from(hex.replaceAll(' ', ''), 'hex').toString('latin1');
const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const spaced = (text: string): string => hex(text).toUpperCase().match(/../g)?.join(' ') ?? '';
const crc = (message: string): string => toRtu(Buffer.from(message.replaceAll(' ', ''), 'hex'));

const voltage: Question = { address: 1, table: 'input', start: 0, count: 2 };

describe('a question', () => {
  test.each([
    ['01 04 00 00 00 02 71 CB', voltage],
    ['01 04 00 01 00 02 20 0B', { address: 1, table: 'input', start: 1, count: 2 }],
    ['FE 04 00 03 00 01 D5 C5', { address: 0xfe, table: 'input', start: 3, count: 1 }],
    ['F7 03 40 82 00 02 65 75', { address: 0xf7, table: 'holding', start: 0x4082, count: 2 }],
    ['01 02 00 C4 00 16 B8 39', { address: 1, table: 'discrete', start: 0xc4, count: 22 }],
    ['01 01 00 03 00 01 0D CA', { address: 1, table: 'coil', start: 3, count: 1 }],
  ] as [string, Question][])('goes out in RTU as %s', (bytes, question) => {
    expect(spaced(request('rtu', question))).toBe(bytes);
  });

  test('goes out in ASCII as hexadecimal digits with an LRC, CR and LF', () => {
    const text = request('ascii', { address: 7, table: 'discrete', start: 0x0800, count: 1 });
    expect(asciiFraming().encode(text).toString()).toBe(':070208000001EE\r\n');
  });
});

describe('an answer', () => {
  test('gives the data of an RTU frame', () => {
    const answer = answerTo('rtu', voltage, latin1('01 04 04 43 66 33 34 1B 38'));
    expect(answer).toEqual({ data: Buffer.from('43663334', 'hex') });
  });

  test('gives the data of an ASCII frame, in large letters or small', () => {
    const question: Question = { address: 7, table: 'holding', start: 0x1000, count: 2 };
    const expected = { data: Buffer.from('fdde015e', 'hex') };
    expect(answerTo('ascii', question, ':070304FDDE015EB8')).toEqual(expected);
    expect(answerTo('ascii', question, ':070304fdde015eb8')).toEqual(expected);
  });

  test('may be an exception', () => {
    expect(answerTo('rtu', voltage, latin1('01 84 02 C2 C1'))).toEqual({ exception: 2 });
    expect(answerTo('ascii', voltage, toAscii(Buffer.from([1, 0x84, 6])))).toEqual({ exception: 6 });
  });

  test('has eight bits to the byte', () => {
    const question: Question = { address: 1, table: 'discrete', start: 0xc4, count: 22 };
    expect(answerTo('rtu', question, latin1('01 02 03 ac db 35 22 88'))).toEqual({
      data: Buffer.from('acdb35', 'hex'),
    });
    expect(answerTo('rtu', { ...question, count: 25 }, latin1('01 02 03 ac db 35 22 88'))).toBeUndefined();
  });

  test.each([
    ['of another device', crc('02 04 04 43 66 33 34')],
    ['of another function', crc('01 03 04 43 66 33 34')],
    ['with a shorter byte count', crc('01 04 02 43 66')],
    ['with a longer byte count', crc('01 04 06 43 66 33 34 00 00')],
    ['with a byte count that its data does not have', crc('01 04 04 43 66 33')],
    ['with more data than its byte count says', crc('01 04 04 43 66 33 34 00')],
    ['with a wrong CRC', latin1('01 04 04 43 66 33 34 1B 39')],
    ['with its CRC the wrong way round', latin1('01 04 04 43 66 33 34 38 1B')],
    ['cut short', latin1('01 04 04 43 66 33')],
    ['that is the echo of the question', request('rtu', voltage)],
    ['that is an exception of another function', crc('01 83 02')],
    ['that is an exception of another device', crc('02 84 02')],
    ['that is an exception with something behind it', crc('01 84 02 00')],
    ['that is an exception without a number', crc('01 84')],
    ['without bytes', ''],
    ['of one byte', '\x41'],
  ])('%s is none', (_, frame) => {
    expect(answerTo('rtu', voltage, frame)).toBeUndefined();
  });

  test.each([
    ['with a wrong LRC', ':070304FDDE015EB9'],
    ['without its colon', '070304FDDE015EB8'],
    ['with another character', ':070304FDDE015GB8'],
    ['of an odd number of digits', ':070304FDDE015EB'],
    ['of another device', toAscii(Buffer.from([8, 3, 4, 1, 2, 3, 4]))],
    ['that is the echo of the question', ':070310000002E4'],
  ])('in ASCII %s is none', (_, frame) => {
    expect(answerTo('ascii', { address: 7, table: 'holding', start: 0x1000, count: 2 }, frame)).toBeUndefined();
  });

  test('whose bytes are any other than the right ones is none', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 20 }),
        fc.constantFrom('rtu' as const, 'ascii' as const),
        (bytes, mode) => {
          const message = Buffer.from(bytes);
          const answer = answerTo(mode, voltage, mode === 'rtu' ? toRtu(message) : toAscii(message));
          const isData = message.length === 7 && message.subarray(0, 3).equals(Buffer.from([1, 4, 4]));
          const isException = message.length === 3 && message.subarray(0, 2).equals(Buffer.from([1, 0x84]));
          expect(answer !== undefined).toBe(isData || isException);
        },
      ),
    );
  });
});

test('a message comes out of its frame as it went in', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 3, maxLength: 254 }), (bytes) => {
      const message = Buffer.from(bytes);
      expect(fromRtu(toRtu(message))).toEqual(message);
      expect(fromAscii(toAscii(message))).toEqual(message);
    }),
  );
});

test.each([
  ['rtu', 'input', 2, 8, 9],
  ['rtu', 'coil', 9, 8, 7],
  ['ascii', 'input', 2, 17, 19],
  ['ascii', 'discrete', 1, 17, 13],
] as const)('a question in %s for an %s of %i takes %i bytes, its answer %i', (mode, table, count, sent, received) => {
  expect(exchange(mode, { table, count })).toEqual({ sent, received });
});

/** What a framing makes of chunks, with a pause at their end. */
async function cut(framing: Framing, ...chunks: Buffer[]) {
  const clock = new FakeClock();
  const frames: Frame[] = [];
  const drops: [string, number][] = [];
  const framer = framing.createFramer(
    (frame) => frames.push(frame),
    (reason, bytes) => drops.push([reason, bytes]),
    clock,
  );
  for (const [index, chunk] of chunks.entries()) framer.push(chunk, index);
  const atOnce = frames.length;
  await clock.advance(100);
  return { texts: frames.map(({ text }) => text), drops, atOnce };
}

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const answer = bytes('01 04 04 43 66 33 34 1B 38');

describe('RTU frames', () => {
  test('are known by their length before any silence', async () => {
    for (const frame of [answer, bytes('01 84 02 C2 C1'), bytes('FE 04 02 01 90 AC D8'), bytes('01 01 01 01 90 48')]) {
      expect(await cut(rtuFraming(), frame)).toEqual({ texts: [frame.toString('latin1')], drops: [], atOnce: 1 });
    }
  });

  test.each(['rtu', 'ascii'] as const)('are told from an echo that has the form of one, in %s', (mode) => {
    // 17 coils from 0x0300 on: its third byte is 3, and three bytes answer it.
    const question: Question = { address: 1, table: 'coil', start: 0x0300, count: 17 };
    expect(answerTo(mode, question, request(mode, question))).toBeUndefined();
  });

  test.each([
    [9600, 3.65],
    [19_200, 1.82],
    [38_400, 1.75],
    [115_200, 1.75],
  ])('have a pause of 3.5 characters between them, at %i baud %f ms', (baudRate, pauseMs) => {
    expect(rtuFraming().pauseMs?.(10_000 / baudRate)).toBeCloseTo(pauseMs, 2);
  });

  test('are told from the echo before them', async () => {
    const echo = bytes('01 04 00 00 00 02 71 CB');
    const { texts, drops, atOnce } = await cut(rtuFraming(), Buffer.concat([echo, answer]));
    expect(texts).toEqual([echo.toString('latin1'), answer.toString('latin1')]);
    expect([drops, atOnce]).toEqual([[], 2]);
  });

  test('are told after a silence from an echo that looks like a longer answer', async () => {
    const question: Question = { address: 1, table: 'holding', start: 0x1000, count: 1 };
    const echo = Buffer.from(request('rtu', question), 'latin1');
    const reply = bytes('01 03 02 20 2c a0 59');
    const { texts, drops } = await cut(rtuFraming(), echo, reply);
    expect(texts.map((text) => answerTo('rtu', question, text))).toEqual([undefined, { data: bytes('202c') }]);
    expect(drops).toEqual([]);
  });

  test('are found at once behind the bytes of a line that was turned round', async () => {
    for (const byte of [0, 0xff]) {
      const { texts, drops, atOnce } = await cut(rtuFraming(), Buffer.concat([Buffer.alloc(3, byte), answer]));
      expect(texts).toEqual([answer.toString('latin1')]);
      expect([drops, atOnce]).toEqual([[['noise', 3]], 1]);
    }
  });

  test('with a wrong CRC are dropped as that, all of it as one', async () => {
    const wrong = Buffer.from(answer);
    wrong[4] = 0x67;
    expect(await cut(rtuFraming(), wrong)).toEqual({ texts: [], drops: [['checksum', 9]], atOnce: 0 });
  });

  test('that a pause has cut are dropped', async () => {
    expect((await cut(rtuFraming(), answer.subarray(0, 7))).drops).toEqual([['incomplete', 7]]);
  });
});

describe('ASCII frames', () => {
  const frame = ':070304FDDE015EB8';

  test('are taken behind noise, and the begun frame before them is dropped', async () => {
    const { texts, drops } = await cut(asciiFraming(), Buffer.from(`\xff:0703${frame}\r\n`, 'latin1'));
    expect(texts).toEqual([frame]);
    expect(drops).toEqual([['noise', 6]]);
  });

  test('that are damaged are dropped by what is wrong', async () => {
    const { texts, drops } = await cut(
      asciiFraming(),
      Buffer.from(`:070304FDDE015EB9\r\n:0703#4FDDE015EB8\r\nREADY\r\n${frame}\r\n`),
    );
    expect(texts).toEqual([frame]);
    expect(drops).toEqual([
      ['checksum', 17],
      ['invalid', 17],
      ['noise', 5],
    ]);
  });
});
