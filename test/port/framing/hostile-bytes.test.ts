import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiFraming } from '../../../drivers/modbus/ascii.ts';
import { rtuFraming } from '../../../drivers/modbus/rtu.ts';
import { FakeClock } from '../../../src/base/index.ts';
import { type Frame, type Framing, lines, packets } from '../../../src/port/index.ts';

/** A framing, and what its test needs to know of it. */
interface Subject {
  readonly name: string;
  readonly framing: Framing;
  /** Most bytes that it may hold between two chunks. */
  readonly bound: number;
  /** What ends a frame and is no part of it. */
  readonly terminator: string;
  /** Whether a frame without bytes is passed over in silence: its terminator is then the only trace of it. */
  readonly knowsEmpty: boolean;
  /** A frame of these data as it goes over the line. */
  frame(data: Uint8Array): Buffer;
  /** Bytes that its frames begin with or are made of, so that any bytes often look like one. */
  readonly alphabet: readonly number[];
}

const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => (total + byte) & 0xff, 0);

/** CRC-16 of Modbus, bit by bit. */
function crc(bytes: Uint8Array): number {
  let remainder = 0xffff;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xa001 : remainder >>> 1;
  }
  return remainder;
}

/** Letters and digits alone, as every text protocol can send them. */
const letters = (data: Uint8Array): string => [...data, 0].map((byte) => 'ABCDEFGH01234567'[byte & 15]).join('');

function lineSubject(name: string, receive: string | string[] | undefined, ending: string): Subject {
  return {
    name,
    framing: lines({ send: '', maxLength: 40, ...(receive !== undefined && { receive }) }),
    bound: 40 + ending.length + 1,
    terminator: ending,
    knowsEmpty: true,
    frame: (data) => Buffer.from(letters(data.subarray(0, 30)) + ending),
    alphabet: [0x0d, 0x0a, 0x3b, 0x41, 0x46],
  };
}

const subjects: readonly Subject[] = [
  lineSubject('lines of any end', undefined, '\n'),
  lineSubject('lines with CR LF', '\r\n', '\r\n'),
  lineSubject('lines with ;FF', ';FF', ';FF'),
  lineSubject('lines with CR or LF', ['\r', '\n'], '\r'),
  {
    name: 'packets with a length and a sum',
    framing: packets({
      measure: (bytes) => (bytes[0] !== 0x42 ? -1 : bytes.length < 2 ? 0 : 3 + (bytes[1] ?? 0)),
      isWhole: (frame) => sum(frame.subarray(0, -1)) === frame.at(-1),
      maxLength: 40,
      silenceMs: 20,
    }),
    bound: 40,
    terminator: '',
    knowsEmpty: false,
    frame: (data) => {
      const head = Buffer.from([0x42, Math.min(data.length, 30), ...data.subarray(0, 30)]);
      return Buffer.from([...head, sum(head)]);
    },
    alphabet: [0x42, 0, 1, 3, 20],
  },
  {
    name: 'packets of one length between two bytes',
    framing: packets({
      measure: (bytes) => (bytes[0] === 0xaa ? 6 : -1),
      isWhole: (frame) => frame[5] === 0xab && frame[4] === sum(frame.subarray(1, 4)),
      maxLength: 6,
      silenceMs: 20,
    }),
    bound: 6,
    terminator: '',
    knowsEmpty: false,
    frame: (data) => {
      const body = Buffer.from([...data, 1, 2, 3]).subarray(0, 3);
      return Buffer.from([0xaa, ...body, sum(body), 0xab]);
    },
    alphabet: [0xaa, 0xab, 0, 1],
  },
  {
    name: 'Modbus RTU',
    framing: rtuFraming(),
    bound: 256,
    terminator: '',
    knowsEmpty: false,
    frame: (data) => {
      const registers = Buffer.from([...data, 0, 0]).subarray(0, 2 + (data.length & 0x1e));
      const message = Buffer.from([1, 4, registers.length, ...registers]);
      const check = Buffer.alloc(2);
      check.writeUInt16LE(crc(message));
      return Buffer.concat([message, check]);
    },
    alphabet: [1, 2, 3, 4, 16, 0x84, 250, 0],
  },
  {
    name: 'Modbus ASCII',
    framing: asciiFraming(),
    bound: 513,
    terminator: '\r\n',
    knowsEmpty: true,
    frame: (data) => {
      const message = Buffer.from([1, 4, Math.min(data.length, 40), ...data.subarray(0, 40)]);
      const digits = Buffer.from([...message, -sum(message) & 0xff])
        .toString('hex')
        .toUpperCase();
      return Buffer.from(`:${digits}\r\n`);
    },
    alphabet: [0x3a, 0x30, 0x41, 0x0d, 0x0a],
  },
];

interface Heard {
  readonly frames: Frame[];
  readonly drops: [reason: string, bytes: number][];
  /** What is held and awaited when all has come and the line is quiet. */
  readonly held: number;
}

/** What a framing makes of chunks; the n-th arrives at time n. A pause of a second ends them. */
async function hear(subject: Subject, chunks: readonly Uint8Array[]): Promise<Heard> {
  const clock = new FakeClock();
  const frames: Frame[] = [];
  const drops: [string, number][] = [];
  const framer = subject.framing.createFramer(
    (frame) => frames.push(frame),
    (reason, bytes) => drops.push([reason, bytes]),
    clock,
  );
  for (const [index, chunk] of chunks.entries()) {
    const copy = Buffer.from(chunk);
    framer.push(copy, index);
    // The port reads the next bytes into the same memory.
    copy.fill(0x55);
  }
  await clock.advance(1000);
  expect(clock.pending).toBe(0);
  return { frames, drops, held: framer.reset() };
}

const textsOf = ({ frames }: Heard): string[] => frames.map(({ text }) => text);
const total = (drops: readonly [string, number][]): number => drops.reduce((bytes, [, more]) => bytes + more, 0);

/** The same bytes in pieces that end at the given places. */
function pieces(bytes: Buffer, ends: readonly number[]): Buffer[] {
  const places = [0, ...ends.map((end) => end % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

describe.each(subjects.map((subject) => [subject.name, subject] as const))('%s', (_, subject) => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(fc.constantFrom(...subject.alphabet), { maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
  );
  const good = fc.uint8Array({ maxLength: 30 }).map((data) => subject.frame(data));
  const damaged = fc
    .tuple(good, fc.nat(), fc.integer({ min: 1, max: 255 }))
    .map(([frame, at, flip]) =>
      Buffer.from(frame.map((byte, index) => (index === at % frame.length ? byte ^ flip : byte))),
    );
  /** A day on the line: frames, damaged ones, halves of them, and noise. */
  const stream = fc
    .array(
      fc.oneof(
        noise,
        good,
        good,
        damaged,
        damaged.map((frame) => frame.subarray(0, frame.length >> 1)),
      ),
      { maxLength: 8 },
    )
    .map((parts) => Buffer.concat(parts));
  const ends = fc.array(fc.nat(), { maxLength: 40 });

  it('gives the same frames, and drops the same, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(stream, ends, async (bytes, places) => {
        const whole = await hear(subject, [bytes]);
        for (const chunks of [pieces(bytes, places), [...bytes].map((byte) => Uint8Array.of(byte))]) {
          const cut = await hear(subject, chunks);
          expect(textsOf(cut)).toEqual(textsOf(whole));
          expect(cut.drops.map(([reason]) => reason)).toEqual(whole.drops.map(([reason]) => reason));
        }
      }),
    );
  });

  it('loses no byte: each is in a frame, in a terminator, counted as dropped, or held', async () => {
    await fc.assert(
      fc.asyncProperty(stream, ends, async (bytes, places) => {
        const heard = await hear(subject, pieces(bytes, places));
        const accounted = total(heard.drops) + heard.held + textsOf(heard).join('').length;
        // A line that is too long is counted when that is seen; its rest and its end are not.
        const isLines = subject.terminator !== '';
        if (isLines) expect(accounted).toBeLessThanOrEqual(bytes.length);
        else expect(accounted).toBe(bytes.length);
        if (heard.drops.every(([reason]) => reason !== 'too_long')) {
          const rest = bytes.length - accounted;
          expect(rest).toBeLessThanOrEqual(isLines ? terminatorBytes(bytes, subject) : 0);
        }
      }),
    );
  });

  it('gives frames that are in the bytes, in their order, and none that overlap', async () => {
    await fc.assert(
      fc.asyncProperty(stream, ends, async (bytes, places) => {
        const all = bytes.toString('latin1');
        let from = 0;
        for (const text of textsOf(await hear(subject, pieces(bytes, places)))) {
          const at = all.indexOf(text, from);
          expect(at).toBeGreaterThanOrEqual(from);
          from = at + text.length;
        }
      }),
    );
  });

  it('takes the second of two whole frames after any garbage', async () => {
    await fc.assert(
      fc.asyncProperty(stream, good, good, ends, async (garbage, first, second, places) => {
        const bytes = Buffer.concat([garbage, first, second]);
        const heard = await hear(subject, pieces(bytes, places));
        const expected = second.toString('latin1').slice(0, second.length - subject.terminator.length);
        // Bytes of the garbage and of a frame may by chance be a frame together, which nothing can tell from one.
        fc.pre(!(await hasChanceFrame(subject, garbage, Buffer.concat([first, second]))));
        expect(textsOf(heard).at(-1)).toBe(expected);
      }),
    );
  });

  it('takes a frame that comes after a pause, whatever was before', async () => {
    await fc.assert(
      fc.asyncProperty(stream, good, async (garbage, frame) => {
        const clock = new FakeClock();
        const frames: Frame[] = [];
        const framer = subject.framing.createFramer(
          (given) => frames.push(given),
          () => {},
          clock,
        );
        framer.push(garbage, 0);
        await clock.advance(1000);
        // Lines know no pause: there it is the question after it that begins anew.
        framer.reset();
        const before = frames.length;
        framer.push(frame, 1);
        await clock.advance(1000);
        const expected = frame.toString('latin1').slice(0, frame.length - subject.terminator.length);
        expect(frames.slice(before)).toEqual([{ text: expected, at: 1 }]);
      }),
    );
  });

  it('holds no more than a frame, and keeps one timer at most', () => {
    fc.assert(
      fc.property(fc.array(stream, { maxLength: 6 }), (chunks) => {
        for (const repeat of [1, 40]) {
          const clock = new FakeClock();
          const framer = subject.framing.createFramer(
            () => {},
            () => {},
            clock,
          );
          for (let count = 0; count < repeat; count++) for (const chunk of chunks) framer.push(chunk, 0);
          expect(clock.pending).toBeLessThanOrEqual(1);
          expect(framer.reset()).toBeLessThanOrEqual(subject.bound);
          expect(clock.pending).toBe(0);
        }
      }),
      { numRuns: 50 },
    );
  });
});

/** Bytes of all terminators that may have ended a line here, with a carriage return before a line feed. */
function terminatorBytes(bytes: Buffer, { terminator }: Subject): number {
  const single = bytes.filter((byte) => byte === 0x0d || byte === 0x0a).length;
  return terminator.length > 1 && terminator !== '\r\n'
    ? (bytes.toString('latin1').split(terminator).length - 1) * terminator.length
    : single;
}

/** Whether some bytes that begin in the garbage, and end behind it, are by themselves a frame. */
async function hasChanceFrame(subject: Subject, garbage: Buffer, after: Buffer): Promise<boolean> {
  if (subject.terminator !== '') return false;
  const all = Buffer.concat([garbage, after]);
  for (let start = Math.max(0, garbage.length - subject.bound); start < garbage.length; start++) {
    const [first] = (await hear(subject, [all.subarray(start)])).frames;
    if (first === undefined) continue;
    const at = all.subarray(start).indexOf(Buffer.from(first.text, 'latin1'));
    if (at === 0 && start + first.text.length > garbage.length) return true;
  }
  return false;
}
