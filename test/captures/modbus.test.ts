import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { asciiFraming } from '../../drivers/modbus/ascii.ts';
import { planBlocks } from '../../drivers/modbus/blocks.ts';
import { modbusOptions, pointsOf } from '../../drivers/modbus/options.ts';
import {
  type Answer,
  answerTo,
  type Mode,
  type Question,
  request,
  type Table,
  tables,
} from '../../drivers/modbus/question.ts';
import { rtuFraming } from '../../drivers/modbus/rtu.ts';
import { valuesOf } from '../../drivers/modbus/value.ts';
import { FakeClock, type Framing } from '../../src/index.ts';
import { Bench } from '../drivers/harness.ts';

const captures = process.env.LABWIRE_CAPTURES ?? join(import.meta.dirname, '../../../shared/data');
if (!existsSync(join(captures, 'modbus_recorded'))) {
  throw new Error(
    `There are no captures in ${captures}: name their folder in the environment variable LABWIRE_CAPTURES`,
  );
}

function rows<T>(file: string): T[] {
  return readFileSync(join(captures, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** What a recorded question asked for; undefined where it was no reading. */
function questionOf(message: Buffer): Question | undefined {
  const table = (Object.keys(tables) as Table[]).find((name) => tables[name].code === message[1]);
  if (table === undefined || message.length !== 6) return undefined;
  return { address: message[0] ?? 0, table, start: message.readUInt16BE(2), count: message.readUInt16BE(4) };
}

/** Everything that a framing makes of chunks; a pause ends them. */
async function framesOf(framing: Framing, chunks: Iterable<Buffer>) {
  const clock = new FakeClock();
  const frames: string[] = [];
  const drops: Record<string, number> = {};
  const framer = framing.createFramer(
    ({ text }) => frames.push(text),
    (reason) => {
      drops[reason] = (drops[reason] ?? 0) + 1;
    },
    clock,
  );
  for (const chunk of chunks) framer.push(chunk, 0);
  await clock.advance(1000);
  return { frames, drops };
}

/** The first answer to a question in what came over the line. */
async function answerIn(mode: Mode, question: Question, received: Buffer): Promise<Answer | undefined> {
  const { frames } = await framesOf(mode === 'rtu' ? rtuFraming() : asciiFraming(), [received]);
  return frames.map((frame) => answerTo(mode, question, frame)).find((answer) => answer !== undefined);
}

/** The numbers of the registers, or of the bits. */
function numbers({ table, count }: Question, answer: Answer | undefined): number[] {
  if (!answer || !('data' in answer)) return [];
  const { data } = answer;
  return Array.from({ length: count }, (_, index) =>
    tables[table].isBits ? ((data[index >> 3] ?? 0) >> (index & 7)) & 1 : data.readUInt16BE(2 * index),
  );
}

/** The value that a recording's description names, in the units of the registers. */
function described(what: string): number[] {
  const text = /Response value (\[[^\]]+\]|[\d.]+)/.exec(what)?.[1] ?? '[]';
  const values = JSON.parse(text.startsWith('[') ? text : `[${text.replace(/\.$/, '')}]`) as number[];
  const decimals = Number(/read_register\(\w+, (\d)\)/.exec(what)?.[1] ?? 0);
  return values.map((value) => Math.round(value * 10 ** decimals));
}

interface Recorded {
  what: string;
  tx: string;
  rx: string;
}

describe.each([
  ['an Omega CN7500 in RTU', 'omega_cn7500_rtu', 'rtu', 5],
  ['a Delta DTB4824 in ASCII', 'delta_dtb4824_ascii', 'ascii', 8],
] as const)('%s', (_, file, mode, readings) => {
  const recorded = rows<Recorded>(`modbus_recorded/${file}.jsonl`).map((row) => ({
    ...row,
    question: questionOf(mode === 'rtu' ? bytes(row.tx).subarray(0, -2) : bytes(row.tx.slice(1, -4))),
    received: mode === 'rtu' ? bytes(row.rx) : Buffer.from(row.rx),
  }));
  const reads = recorded.flatMap(({ question, ...row }) => (question ? [{ ...row, question }] : []));

  test(`has ${readings} readings, each asked as it was asked then, and answered with its value`, async () => {
    let values = 0;
    for (const { what, tx, question, received } of reads) {
      const framing = mode === 'rtu' ? rtuFraming() : asciiFraming();
      const sent = framing.encode(request(mode, question));
      expect(sent, what).toEqual(mode === 'rtu' ? bytes(tx) : Buffer.from(tx));
      expect(numbers(question, await answerIn(mode, question, received)), what).toEqual(described(what));
      values++;
    }
    expect(values).toBe(readings);
  });

  test('answers no other question than its own', async () => {
    for (const { question, received } of recorded) {
      for (const other of reads) {
        const same =
          question?.address === other.question.address &&
          question.table === other.question.table &&
          numbers(other.question, await answerIn(mode, other.question, received)).length === question.count;
        if (!same) expect(await answerIn(mode, other.question, received)).toBeUndefined();
      }
    }
  });
});

interface Vector {
  set: string;
  what: string;
  tx_hex: string;
  rx_hex: string;
}

describe('the vectors of another implementation', () => {
  const vectors = rows<Vector>('modbus_vectors/minimalmodbus_vectors.jsonl').map((row) => ({
    ...row,
    question: questionOf(bytes(row.tx_hex).subarray(0, -2)),
  }));

  test('that are good give their data', async () => {
    const good = vectors.filter(({ set, question }) => set.startsWith('GOOD') && question);
    expect(good.length).toBeGreaterThan(10);
    for (const { what, rx_hex, question } of good) {
      if (!question) continue;
      expect(await answerIn('rtu', question, bytes(rx_hex)), what).toEqual({ data: bytes(rx_hex).subarray(3, -2) });
    }
  });

  test('that are wrong are none, but for the echo before an answer, which is passed over', async () => {
    const wrong = vectors.filter(({ set }) => set.startsWith('WRONG'));
    expect(wrong.length).toBeGreaterThan(8);
    const taken: string[] = [];
    for (const { what, tx_hex, rx_hex, question } of wrong) {
      // What was no reading is taken for one of the same function, so that everything is tried.
      const [address = 1, code = 4] = bytes(tx_hex);
      const table = (Object.keys(tables) as Table[]).find((name) => tables[name].code === code) ?? 'input';
      for (const count of [1, 2, 8]) {
        const asked = question ?? { address, table, start: 0, count };
        if (await answerIn('rtu', asked, bytes(rx_hex))) taken.push(what.split(':')[0] ?? '');
      }
    }
    expect(new Set(taken)).toEqual(new Set(['Handle local echo']));
  });
});

interface Computed {
  what: string;
  tx_hex: string;
  rx_hex: string;
  expect: {
    value?: number;
    order?: string;
    exception?: number;
    temperature_C?: number;
    humidity_pct?: number;
    co2_ppm?: number;
  };
}

describe('frames computed for sensors', () => {
  const vectors = rows<Computed>('modbus_vectors/computed_sensor_frames.jsonl');

  test('of an XY-MD02 are read as its catalogue entry says', async () => {
    const frames = vectors.filter(({ what }) => what.startsWith('XY-MD02'));
    expect(frames).toHaveLength(3);
    for (const { rx_hex, tx_hex, expect: expected } of frames) {
      const bench = new Bench('xy-md02', { answer: () => bytes(rx_hex).toString('latin1') });
      bench.acquire.start();
      await bench.clock.advance(0);
      expect(bench.questions).toEqual([bytes(tx_hex).toString('latin1')]);
      expect(bench.values).toEqual([{ temperature: expected.temperature_C, humidity: expected.humidity_pct }]);
    }
  });

  test('of single precision are read in their order, to the last bit', async () => {
    const frames = vectors.filter(({ what }) => what.startsWith('float32'));
    expect(frames.length).toBeGreaterThan(5);
    for (const { tx_hex, rx_hex, expect: expected } of frames) {
      const options = modbusOptions.parse({ channels: { v: { input: 0, as: 'float32', order: expected.order } } });
      const [block] = planBlocks(pointsOf(options), options);
      const question = questionOf(bytes(tx_hex).subarray(0, -2));
      const answer = question && (await answerIn('rtu', question, bytes(rx_hex)));
      if (!block || !answer || !('data' in answer)) throw new Error(`${rx_hex} is no answer`);
      expect(Math.fround(valuesOf(block, answer.data).v as number)).toBe(expected.value);
    }
  });

  test('of a Senseair S8 are read at the address of any', async () => {
    const { tx_hex, rx_hex } = vectors.find(({ what }) => what.startsWith('Senseair')) ?? { tx_hex: '', rx_hex: '' };
    const question = questionOf(bytes(tx_hex).subarray(0, -2));
    expect(question && numbers(question, await answerIn('rtu', question, bytes(rx_hex)))).toEqual([400]);
  });

  test('that are exceptions answer a question of their own function alone', async () => {
    const frames = vectors.filter(({ what }) => what === 'exception');
    expect(frames).toHaveLength(2);
    for (const { rx_hex, expect: expected } of frames) {
      const taken: string[] = [];
      for (const table of Object.keys(tables) as Table[]) {
        const answer = await answerIn('rtu', { address: 1, table, start: 1, count: 2 }, bytes(rx_hex));
        if (answer) taken.push(table);
        if (answer) expect(answer).toEqual({ exception: expected.exception });
      }
      expect(taken.map((table) => tables[table as Table].code | 0x80)).toEqual([bytes(rx_hex)[1]]);
    }
  });
});

interface Wire {
  t: number;
  t_end: number;
  dir: 'tx' | 'rx' | 'bus';
  hex: string;
}

describe.each([
  ['brainchild_io16do_19200', 30, 8],
  ['flowmeter_target_15lpm_9600_halfduplex', 132, 64],
])('the wire of %s', (file, count, readings) => {
  const wire = rows<Wire>(`modbus_rtu_wire/${file}.jsonl`);
  const expected = wire.map(({ hex }) => bytes(hex).toString('latin1'));
  const whole = Buffer.from(expected.join(''), 'latin1');

  test(`is cut into its ${count} frames, both directions in one stream, in any chunks`, async () => {
    expect(wire).toHaveLength(count);
    for (const size of [whole.length, 1, 2, 3, 5, 7, 13, 64, 255]) {
      const chunks = [];
      for (let at = 0; at < whole.length; at += size) chunks.push(whole.subarray(at, at + size));
      expect(await framesOf(rtuFraming(), chunks), `chunks of ${size}`).toEqual({ frames: expected, drops: {} });
    }
  });

  test('is cut into its frames where it is joined late', async () => {
    for (let skipped = 1; skipped < 12; skipped++) {
      const { frames } = await framesOf(rtuFraming(), [whole.subarray(skipped)]);
      expect(frames.slice(-expected.length + 2)).toEqual(expected.slice(2));
    }
  });

  test(`gives each of ${readings} readings its answer, and to none the question`, async () => {
    let answered = 0;
    for (const [index, { hex }] of wire.entries()) {
      const question = questionOf(bytes(hex).subarray(0, -2));
      const next = expected[index + 1];
      if (!question || next === undefined || wire[index]?.dir === 'rx') continue;
      // A half-duplex capture does not say who speaks; but a question is answered by the frame behind it.
      if (answerTo('rtu', question, next) === undefined) continue;
      answered++;
      expect(answerTo('rtu', question, expected[index] ?? '')).toBeUndefined();
      const echoed = Buffer.concat([bytes(hex), Buffer.from(next, 'latin1')]);
      expect(await answerIn('rtu', question, echoed)).toEqual({ data: Buffer.from(next, 'latin1').subarray(3, -2) });
    }
    expect(answered).toBe(readings);
  });
});
