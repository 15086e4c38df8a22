import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/index.ts';
import { type Frame, type PacketOptions, packets } from '../../../src/port/index.ts';

/** `AA length … sum`: the length is that of the whole frame, the sum that of all bytes before it. */
const simple: PacketOptions = {
  measure: (bytes) => (bytes[0] !== 0xaa ? -1 : bytes.length < 2 ? 0 : (bytes[1] ?? 0)),
  isWhole: (frame) => frame.length > 2 && sum(frame.subarray(0, -1)) === frame.at(-1),
  maxLength: 16,
  silenceMs: 50,
};

function sum(bytes: Buffer): number {
  return bytes.reduce((total, byte) => total + byte, 0) & 0xff;
}

function packet(...data: number[]): Buffer {
  const head = Buffer.from([0xaa, data.length + 3, ...data]);
  return Buffer.from([...head, sum(head)]);
}

class Line {
  readonly clock = new FakeClock();
  readonly frames: Frame[] = [];
  readonly drops: [string, number][] = [];
  readonly framer;
  #time = 0;

  constructor(options: Partial<PacketOptions> = {}) {
    const give = (frame: Frame): void => void this.frames.push(frame);
    const drop = (reason: string, bytes: number): void => void this.drops.push([reason, bytes]);
    this.framer = packets({ ...simple, ...options }).createFramer(give, drop, this.clock);
  }

  /** The n-th chunk arrives at time n. */
  say(...chunks: (Uint8Array | number[])[]): this {
    for (const chunk of chunks) this.framer.push(Buffer.from(chunk), this.#time++);
    return this;
  }

  get texts(): string[] {
    return this.frames.map(({ text }) => Buffer.from(text, 'latin1').toString('hex'));
  }
}

const one = packet(1, 2, 3);
const two = packet(4, 5);
const hex = (...frames: Buffer[]): string[] => frames.map((frame) => frame.toString('hex'));

describe('packets', () => {
  it('gives each frame whole, with the arrival of its last byte', () => {
    const line = new Line().say(
      one.subarray(0, 1),
      one.subarray(1, 4),
      [...one.subarray(4), ...two, 0xaa],
      two.subarray(1),
    );
    expect(line.texts).toEqual(hex(one, two, two));
    expect(line.frames.map(({ at }) => at)).toEqual([2, 2, 3]);
    expect(line.drops).toEqual([]);
  });

  it('sets no timer for frames that come whole, and one for those in pieces, however many', async () => {
    const line = new Line().say(one, two, [...one, ...two]);
    expect(line.clock.pending).toBe(0);
    for (let count = 0; count < 5; count++) line.say(one.subarray(0, 2), one.subarray(2));
    expect(line.clock.pending).toBe(1);
    await line.clock.advance(60);
    expect(line.clock.pending).toBe(0);
    expect(line.frames).toHaveLength(9);
  });

  it('passes over noise before a frame, and counts it as one thing', () => {
    const line = new Line().say([0, 0xff, 1], one, [7], two);
    expect(line.texts).toEqual(hex(one, two));
    expect(line.drops).toEqual([
      ['noise', 3],
      ['noise', 1],
    ]);
  });

  it('finds the frame behind one with a wrong checksum', () => {
    const wrong = Buffer.from(one);
    wrong[3] = 99;
    const line = new Line().say(wrong, two);
    expect(line.texts).toEqual(hex(two));
    expect(line.drops).toEqual([['checksum', 6]]);
  });

  it('finds the frame that a false beginning has swallowed', async () => {
    const line = new Line().say([0xaa, 12], one);
    expect(line.texts).toEqual([]);
    await line.clock.advance(49);
    expect(line.texts).toEqual([]);
    await line.clock.advance(1);
    expect(line.texts).toEqual(hex(one));
    expect(line.frames[0]?.at).toBe(1);
    expect(line.drops).toEqual([['incomplete', 2]]);
  });

  it('finds it without a pause too, when as many bytes have come as were awaited', () => {
    const line = new Line().say([0xaa, 12], one, one);
    expect(line.texts).toEqual(hex(one, one));
    expect(line.frames.map(({ at }) => at)).toEqual([1, 2]);
  });

  it('drops what a pause has cut, and takes the next frame at once', async () => {
    const line = new Line().say(one.subarray(0, 3));
    await line.clock.advance(50);
    expect(line.drops).toEqual([['incomplete', 3]]);
    line.say(two);
    expect(line.texts).toEqual(hex(two));
    expect(line.clock.pending).toBe(0);
  });

  it('waits on while the pieces of a frame keep coming, each within the pause', async () => {
    const line = new Line();
    for (const byte of one) {
      line.say([byte]);
      await line.clock.advance(49);
    }
    expect(line.texts).toEqual(hex(one));
    expect(line.drops).toEqual([]);
  });

  it('does not take for a pause that the process was held up', async () => {
    const line = new Line().say(one.subarray(0, 3));
    line.clock.block(200);
    await line.clock.advance(0);
    line.say(one.subarray(3));
    expect(line.texts).toEqual(hex(one));
    await line.clock.advance(100);
    expect(line.drops).toEqual([]);
  });

  it('tells the noise that nothing follows, after the pause', async () => {
    const line = new Line().say([1, 2, 3]);
    expect(line.drops).toEqual([]);
    await line.clock.advance(50);
    expect(line.drops).toEqual([['noise', 3]]);
    expect(line.clock.pending).toBe(0);
  });

  it('counts what is passed over later for itself', async () => {
    const wrong = Buffer.from(one);
    wrong[3] = 99;
    const line = new Line().say(wrong, two, [0, 0], two);
    expect(line.drops).toEqual([
      ['checksum', 6],
      ['noise', 2],
    ]);
  });

  it('does not wait for ever for what cannot be measured', () => {
    const line = new Line({ measure: () => 0 }).say(new Uint8Array(40));
    expect(line.framer.reset()).toBeLessThan(16);
    expect(line.drops.map(([reason]) => reason)).toEqual(['incomplete', 'incomplete']);
  });

  it('tells endless noise in pieces of the longest frame', () => {
    const line = new Line().say(new Uint8Array(40));
    expect(line.drops).toEqual([
      ['noise', 16],
      ['noise', 16],
    ]);
  });

  it('takes what measures longer than the longest frame for noise', () => {
    expect(new Line().say([0xaa, 17], one).texts).toEqual(hex(one));
  });

  it('waits for the lengths in question in their order, and takes the first that is whole', async () => {
    const options: Partial<PacketOptions> = {
      measure: (bytes) => (bytes[0] === 0xaa ? [8, 5] : -1),
      isWhole: (frame) => sum(frame.subarray(0, -1)) === frame.at(-1),
    };
    const short = Buffer.from([0xaa, 1, 1, 1, 0xad]);
    const long = Buffer.from([0xaa, 1, 1, 1, 0xad, 0, 0, 0x5a]);
    const line = new Line(options).say(long.subarray(0, 6), long.subarray(6));
    expect(line.texts).toEqual(hex(long));
    line.say(short, short);
    expect(line.texts).toEqual(hex(long, short));
    await line.clock.advance(50);
    expect(line.texts).toEqual(hex(long, short, short));
    expect(line.drops).toEqual([]);
  });

  it('waits for more where a byte that has not come makes the length no number, and hangs on none that is less than one', async () => {
    const careless = new Line({ measure: (bytes) => (bytes[1] as number) + 0, isWhole: () => true });
    careless.say([0xaa]).say([0x03, 0x07]);
    expect(careless.frames.map(({ text }) => text)).toEqual(['\xaa\x03\x07']);
    const broken = new Line({ measure: () => 0.5, isWhole: () => true }).say([0xaa, 0x03]);
    await broken.clock.advance(50);
    expect(broken).toMatchObject({ frames: [], drops: [['noise', 2]] });
  });

  it('drops what its measure or check fails of, and the process goes on', async () => {
    const bounds = new Line({ measure: (bytes) => (bytes[0] === 0xaa ? bytes.readUInt8(1) : -1) });
    bounds.say([0xaa], packet(1)).say([0xaa]);
    await bounds.clock.advance(50);
    expect(bounds).toMatchObject({
      frames: [{ text: packet(1).toString('latin1') }],
      drops: [
        ['invalid', 1],
        ['invalid', 1],
      ],
    });
    const check = new Line({
      isWhole: (frame) => {
        throw new TypeError(`no such field in ${frame.length} bytes`);
      },
    }).say(packet(1));
    await check.clock.advance(50);
    expect(check).toMatchObject({ frames: [], drops: [['invalid', 4]] });
  });

  it('needs no checksum where the protocol has none', () => {
    const frames: string[] = [];
    const framing = packets({ measure: () => 2, maxLength: 2, silenceMs: 50 });
    const framer = framing.createFramer(
      ({ text }) => frames.push(text),
      () => {},
      new FakeClock(),
    );
    framer.push(Buffer.from('abcde'), 0);
    expect(frames).toEqual(['ab', 'cd']);
    expect(framer.reset()).toBe(1);
  });

  it('forgets a begun frame and its timer when it is reset, and says how many bytes that were', () => {
    const line = new Line().say([7, 7], one.subarray(0, 4));
    expect(line.framer.reset()).toBe(4);
    expect(line.drops).toEqual([['noise', 2]]);
    expect(line.clock.pending).toBe(0);
    expect(line.framer.reset()).toBe(0);
    expect(line.say(two).texts).toEqual(hex(two));
  });

  it('knows whether a frame has begun', () => {
    const line = new Line();
    const begun = [[7, 7], one.subarray(0, 4), one.subarray(4)].map((bytes) => line.say(bytes).framer.hasBegun);
    expect(begun).toEqual([false, true, false]);
  });

  it('keeps nothing of bytes that are valid only during the call', () => {
    const line = new Line();
    const chunk = Buffer.from(one.subarray(0, 4));
    line.framer.push(chunk, 0);
    chunk.fill(0);
    expect(line.say(one.subarray(4)).texts).toEqual(hex(one));
  });

  it('sends a question as it is', () => {
    expect(packets(simple).encode('\xff\x00\xaa')).toEqual(Buffer.from([0xff, 0, 0xaa]));
  });
});
