import { describe, expect, it } from 'vitest';
import { lineLoad } from '../../src/gateway/line-load.ts';

const member = (interval: number, exchanges: readonly { sent: number; received: number }[], spacing?: number) => ({
  settings: new Map(),
  settingValues: new Map([['interval', interval]]),
  exchanges,
  timing: spacing === undefined ? {} : { spacing },
});
/** Two registers by Modbus RTU: 8 bytes and 9. */
const question = { sent: 8, received: 9 };

describe('the load of a line', () => {
  it('is bytes times bit time, and a turn-around for each question, by its interval', () => {
    // 17 bytes of 10 bits at 2400 baud are 70.8 ms, and 20 ms of turn-around: of 1 s.
    const load = lineLoad({ serial: { baudRate: 2400 }, spacing: undefined }, [member(1, [question])]);
    expect(load).toBeCloseTo(0.0908, 4);
  });

  it('counts parity and stop bits', () => {
    const serial = { baudRate: 1000, dataBits: 7, parity: 'even', stopBits: 2 } as const;
    // 1 + 7 + 1 + 2 = 11 bits.
    expect(lineLoad({ serial, spacing: undefined }, [member(1, [{ sent: 50, received: 50 }])])).toBeCloseTo(1.12, 6);
  });

  it('adds up over questions and devices, each with the longer of its own pause and the line’s', () => {
    const members = [member(1, [question, question], 0.05), member(0.5, [question])];
    const bytes = 17 / 960;
    const expected = 2 * (bytes + 0.02 + 0.05) + (bytes + 0.02 + 0.01) / 0.5;
    expect(lineLoad({ serial: { baudRate: 9600 }, spacing: 0.01 }, members)).toBeCloseTo(expected, 9);
  });

  it('does not count what tells no exchanges, nor a talker, which has no interval', () => {
    const talker = { settings: new Map(), settingValues: new Map(), exchanges: [question], timing: {} };
    expect(lineLoad({ serial: {}, spacing: undefined }, [member(1, []), talker])).toBe(0);
  });
});
