import { describe, expect, test } from 'vitest';
import { Bench } from './harness.ts';

const OK = '+004.213,+027.100,+077.360,+077.900,+150.000,+200.000,+250.000,+295.400';

interface Says {
  kelvin: string;
  /** By input; those left out are 000. */
  status: Record<string, string>;
}

function monitor(says: Says = { kelvin: OK, status: {} }, off: string[] = []): Bench {
  return new Bench('lakeshore-218', {
    off,
    answer: (question) => {
      if (question === 'KRDG? 0') return says.kelvin;
      const input = /^RDGST\? ([1-8])$/.exec(question)?.[1];
      if (input === undefined) throw new Error(`asked ${question}`);
      return says.status[input] ?? '000';
    },
  });
}

async function poll(bench: Bench): Promise<Record<string, unknown>> {
  const count = bench.samples.length;
  if (bench.acquire.state === 'inactive') bench.acquire.start();
  await bench.clock.advance(count === 0 ? 0 : 1000);
  expect(bench.error).toBeUndefined();
  expect(bench.samples).toHaveLength(count + 1);
  return bench.values[count] ?? {};
}

const only = (input: string): string[] =>
  ['1', '2', '3', '4', '5', '6', '7', '8'].filter((other) => other !== input).map((other) => `input${other}`);

describe('a Lake Shore 218', () => {
  test('gives all inputs of a poll in one sample, at the time of the readings', async () => {
    const bench = monitor();
    expect(await poll(bench)).toEqual({
      input1: 4.213,
      input2: 27.1,
      input3: 77.36,
      input4: 77.9,
      input5: 150,
      input6: 200,
      input7: 250,
      input8: 295.4,
    });
    // KRDG? was the first of nine questions, each of which takes 1 ms on the bench.
    expect(bench.samples[0]?.at).toBe(1_001_000);
    expect(bench.questions).toEqual(['KRDG? 0', ...[1, 2, 3, 4, 5, 6, 7, 8].map((input) => `RDGST? ${input}`)]);
  });

  test('is polled each second, and as often as its interval says', async () => {
    const bench = monitor();
    bench.acquire.start();
    await bench.clock.advance(10_000);
    expect(bench.samples).toHaveLength(11);
  });

  test('is not asked for the status of an input that the site switched off', async () => {
    const bench = monitor(undefined, only('3'));
    expect(await poll(bench)).toEqual({ input3: 77.36 });
    expect(bench.questions).toEqual(['KRDG? 0', 'RDGST? 3']);
  });

  test.each([
    ['001', 'invalid'],
    ['016', 'under_range'],
    ['032', 'over_range'],
    ['064', 'sensor_fault'],
    ['128', 'over_range'],
    ['002', 'invalid'],
    ['017', 'under_range'],
    ['033', 'over_range'],
    ['192', 'sensor_fault'],
    ['160', 'over_range'],
    ['048', 'over_range'],
  ])('has no value with status %s, though a number is there: %s', async (status, reason) => {
    const bench = monitor({ kelvin: OK.replace('+004.213', '+000.000'), status: { 1: status } }, only('1'));
    expect(await poll(bench)).toEqual({ input1: `<${reason}>` });
  });

  test.each([
    ['S.OVER', 'over_range'],
    ['T.OVER', 'over_range'],
    ['S.UNDER', 'under_range'],
    ['T.UNDER', 'under_range'],
    ['', 'invalid'],
    ['NO INPUT', 'invalid'],
    ['+1.0E', 'invalid'],
    ['+004.213K', 'invalid'],
  ])('has no value where it writes %j', async (text, reason) => {
    const bench = monitor({ kelvin: OK.replace('+004.213', text), status: {} }, only('1'));
    expect(await poll(bench)).toEqual({ input1: `<${reason}>` });
  });

  test('writes numbers with an exponent too', async () => {
    const bench = monitor({ kelvin: OK.replace('+004.213', '+1.0E-03'), status: {} }, only('1'));
    expect(await poll(bench)).toEqual({ input1: 0.001 });
  });

  test('is believed only between two good looks at the status', async () => {
    const says: Says = { kelvin: OK, status: {} };
    const bench = monitor(says, only('1'));
    const seen = [await poll(bench)];
    for (const status of ['064', '000', '000']) {
      says.status[1] = status;
      seen.push(await poll(bench));
    }
    expect(seen.map(({ input1 }) => input1)).toEqual([4.213, '<sensor_fault>', '<sensor_fault>', 4.213]);
  });
});

describe('an answer that does not fit', () => {
  async function failure(kelvin: string, status = '000'): Promise<string | undefined> {
    const bench = monitor({ kelvin, status: { 1: status } });
    bench.acquire.start();
    await bench.clock.advance(0);
    expect(bench.samples).toEqual([]);
    expect(bench.acquire.state).toBe('auto-restart');
    return bench.error;
  }

  test('in the number of its readings fails the run', async () => {
    expect(await failure('+004.213')).toContain('1 readings, "+004.213", but the model has 8 inputs');
    expect(await failure(`${OK},+004.213`)).toContain('(REPLY_UNEXPECTED)');
    expect(await failure('')).toContain('(REPLY_UNEXPECTED)');
  });

  test('in its status fails the run', async () => {
    expect(await failure(OK, '+004.213')).toContain('RDGST? was answered with "+004.213"');
  });

  test('since parity is read as data fails the run, and says how to set the line', async () => {
    const wrong = [...OK].map((character) => String.fromCharCode(character.charCodeAt(0) | 0x80)).join('');
    expect(await failure(wrong)).toContain('dataBits: 7, parity: odd');
  });
});
