import { describe, expect, test } from 'vitest';
import { FakeClock, playLog, recordedLines } from '../../mocks/index.ts';

const log = [
  '# Name: a receiver',
  '$GPGGA,235958.00,,,,,0,,,,,,,,*00',
  '$GPZDA,000030.00,01,01,2026,00,00*00',
  '$GPRMC,235958.00,V,,,,,,,,,*00\r',
  '$GPGGA,235959.50,,,,,0,,,,,,,,*00',
  '$GPGLL,,,,,000000.50,V*00',
  '$GPGSV,1*00',
  '$GPRMC,000000.10,V,,,,,,,,,*00',
  '$GPRMC,010000.10,V,,,,,,,,,*00',
  '',
].join('\n');

describe('a recorded log', () => {
  test('has the pauses that its times say: none backwards, and none that is very long', () => {
    expect(recordedLines(log).map(({ text, pause }) => [text.slice(3, 6), pause])).toEqual([
      ['GGA', 0],
      ['ZDA', 0],
      ['RMC', 0],
      ['GGA', 1.5],
      ['GLL', 1],
      ['GSV', 0],
      ['RMC', 0],
      ['RMC', 5],
    ]);
  });

  test('is played at its pace, or faster', async () => {
    for (const [speed, seconds] of [
      [1, [0, 0, 0, 1.5, 2.5, 2.5, 2.5, 7.5]],
      [5, [0, 0, 0, 0.3, 0.5, 0.5, 0.5, 1.5]],
    ] as const) {
      const clock = new FakeClock();
      const times: number[] = [];
      const played = playLog(log, () => times.push(clock.monotonic() / 1000), { clock, speed });
      await clock.advance(10_000);
      expect(await played).toBe(8);
      expect(times).toEqual(seconds);
    }
  });

  test('is sent with CR and LF, without its heading', async () => {
    const clock = new FakeClock();
    const sent: string[] = [];
    const played = playLog(log, (line) => sent.push(line), { clock });
    await clock.advance(10_000);
    await played;
    expect(sent[0]).toBe('$GPGGA,235958.00,,,,,0,,,,,,,,*00\r\n');
    expect(sent.every((line) => /^\$[^\r\n]*\r\n$/.test(line))).toBe(true);
  });

  test('ends when it is cancelled, and leaves no timer', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const played = playLog(log, () => {}, { clock, signal: stop.signal });
    await clock.advance(1000);
    stop.abort();
    expect(await played).toBe(3);
    expect(clock.pending).toBe(0);
  });
});
