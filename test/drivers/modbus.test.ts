import { describe, expect, test } from 'vitest';
import { Bench } from './harness.ts';

const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex').toUpperCase();
const latin1 = (bytes: string): string => Buffer.from(bytes.replaceAll(' ', ''), 'hex').toString('latin1');

/** Answers by the hexadecimal digits of the question, as an instrument on an RTU line. */
function answering(answers: Record<string, string>) {
  return (question: string): string => {
    const found = Object.entries(answers).find(([asked]) => asked.replaceAll(' ', '') === hex(question));
    if (!found) throw new Error(`asked ${hex(question)}`);
    return latin1(found[1]);
  };
}

async function poll(bench: Bench, times = 1): Promise<Bench> {
  if (bench.acquire.state === 'inactive') bench.acquire.start();
  await bench.clock.advance(1000 * (times - 1));
  return bench;
}

describe('an XY-MD02', () => {
  const question = '01 04 00 01 00 02 20 0B';

  test('is asked once for both its values', async () => {
    const bench = await poll(new Bench('xy-md02', { answer: answering({ [question]: '01 04 04 01 31 02 22 2A CE' }) }));
    expect(bench.error).toBeUndefined();
    expect(bench.values).toEqual([{ temperature: 30.5, humidity: 54.6 }]);
    expect(bench.questions.map(hex)).toEqual([question.replaceAll(' ', '')]);
  });

  test('measures below zero', async () => {
    const bench = await poll(new Bench('xy-md02', { answer: answering({ [question]: '01 04 04 FF C9 02 64 1B 25' }) }));
    expect(bench.values).toEqual([{ temperature: -5.5, humidity: 61.2 }]);
  });

  test('is not asked for what the site switched off', async () => {
    const answer = answering({ '01 04 00 02 00 01 90 0A': '01 04 02 02 22 38 49' });
    const bench = await poll(new Bench('xy-md02', { off: ['temperature'], answer }));
    expect(bench.values).toEqual([{ humidity: 54.6 }]);
  });

  test('is asked at its own address', async () => {
    const bench = new Bench('xy-md02', { address: 3, answer: () => latin1('03 04 04 01 31 02 22 09 0E') });
    await poll(bench, 2);
    expect(bench.questions.map(hex)).toEqual(['03040001000221E9', '03040001000221E9']);
    expect(bench.values[1]).toEqual({ temperature: 30.5, humidity: 54.6 });
  });
});

test('an SDM120 is asked three questions, and gives one sample at the time of the last answer', async () => {
  const bench = new Bench('eastron-sdm120', {
    answer: answering({
      '01 04 00 00 00 20 F1 D2': `01 04 40 43 66 33 33 ${'00'.repeat(8)} 40 89 99 9A ${'00'.repeat(48)} B9 1C`,
      '01 04 00 46 00 06 91 DD': '01 04 0C 42 48 00 00 44 9A 50 00 00 00 00 00 21 74',
      '01 04 01 56 00 02 90 27': '01 04 04 44 9A 50 00 F3 5B',
    }),
  });
  await poll(bench);
  expect(bench.error).toBeUndefined();
  expect(bench.values).toEqual([
    {
      voltage: 230.2,
      current: 4.3,
      power: 0,
      apparent_power: 0,
      reactive_power: 0,
      power_factor: 0,
      frequency: 50,
      energy_import: 1234.5,
      energy_export: 0,
      energy_total: 1234.5,
    },
  ]);
  expect(bench.samples[0]?.at).toBe(1_003_000);
});

describe('a device described by the site', () => {
  test('is read in ASCII too', async () => {
    const options = { mode: 'ascii', channels: { pv: { holding: 0x1000, as: 'int16', scale: 0.1, unit: '°C' } } };
    const bench = new Bench('modbus', { options, address: 7, answer: () => ':070302FDDE19' });
    await poll(bench);
    expect(bench.questions).toEqual([':070310000001E5']);
    expect(bench.values).toEqual([{ pv: -54.6 }]);
  });

  test('is asked for each table and each stretch of registers by itself', async () => {
    const options = {
      channels: { relay: { coil: 3 }, door: { discrete: 0 }, flags: { holding: 16, bit: 4 }, level: { input: 8 } },
    };
    const answer = answering({
      '01 01 00 03 00 01 0D CA': '01 01 01 01 90 48',
      '01 02 00 00 00 01 B9 CA': '01 02 01 00 A1 88',
      '01 03 00 10 00 01 85 CF': '01 03 02 00 10 B9 88',
      '01 04 00 08 00 01 B0 08': '01 04 02 01 90 B8 CC',
    });
    const bench = await poll(new Bench('modbus', { options, answer }));
    expect(bench.error).toBeUndefined();
    expect(bench.values).toEqual([{ relay: true, door: false, flags: true, level: 400 }]);
  });
});

describe('an exception', () => {
  const options = { channels: { a: { input: 0 }, b: { input: 8 } } };
  const good = '01 04 02 01 90 B8 CC';
  const first = '01 04 00 00 00 01 31 CA';
  const second = '01 04 00 08 00 01 B0 08';

  test('leaves the channels of its question without a value, and is logged once per change', async () => {
    const answers = { [first]: good, [second]: '01 84 02 C2 C1' };
    const bench = await poll(new Bench('modbus', { options, answer: (question) => answering(answers)(question) }), 3);
    expect(bench.values).toEqual([1, 2, 3].map(() => ({ a: 400, b: '<rejected>' })));
    expect(bench.logged).toEqual([
      'Reading input register 8 of address 1: the device has no such address (exception 2); ' +
        'check the addresses in the section "modbus", which count from 0',
    ]);
    answers[second] = '01 84 04 42 C3';
    await bench.clock.advance(2000);
    answers[second] = good;
    await bench.clock.advance(2000);
    expect(bench.logged.slice(1)).toEqual([
      expect.stringContaining('the device has failed (exception 4)'),
      'input register 8 of address 1 can be read again',
    ]);
    expect(bench.values.at(-1)).toEqual({ a: 400, b: 400 });
  });

  test('to everything fails the run, in words', async () => {
    const bench = await poll(new Bench('modbus', { options, answer: () => latin1('01 84 01 82 C0') }));
    expect(bench.samples).toEqual([]);
    expect(bench.acquire.state).toBe('auto-restart');
    expect(bench.error).toMatch(
      /input register 0 of address 1: the device does not know this function.*REPLY_REJECTED/,
    );
  });

  test.each([
    ['busy', '01 84 06 C3 02', 'the device is busy (exception 6)'],
    [
      'of a gateway that waits in vain',
      '01 84 0B 02 C7',
      'the device behind the gateway does not answer (exception 11)',
    ],
  ])('that passes, %s, fails the run, so that the restart asks again', async (_, exception, words) => {
    const bench = new Bench('modbus', { options, answer: answering({ [first]: good, [second]: exception }) });
    await poll(bench);
    expect(bench.samples).toEqual([]);
    expect(bench.error).toContain(words);
  });

  test('of a number that the standard does not have is told as it is', async () => {
    const bench = await poll(new Bench('modbus', { options, answer: () => latin1('01 84 7F 02 E0') }));
    expect(bench.error).toContain('the device refuses (exception 127)');
  });

  test('where more is asked for than is wanted may come of that', async () => {
    const bench = new Bench('modbus', { options: { ...options, gap: 8 }, answer: () => latin1('01 84 02 C2 C1') });
    await poll(bench);
    expect(bench.error).toContain('input registers 0 to 8 of address 1');
    expect(bench.error).toContain('or set "gap: 0"');
  });
});
