import { describe, expect, it } from 'vitest';
import { FakeClock, type TranscriptEmulatorOptions, transcriptEmulator } from '../../mocks/index.ts';
import type { Transcript } from '../../src/index.ts';

type Said = readonly [t: number, dir: 'tx' | 'rx', text: string];

function transcript(...said: Said[]): Transcript {
  const entries = said.map(([t, dir, text]) => ({ t, dir, bytes: Buffer.from(text, 'latin1') }));
  return { port: '/dev/ttyUSB0', serial: {}, startedAt: '2026-11-24T03:40:00Z', entries };
}

/** An instrument on the bench: what it says, with the time at which it says it. */
function bench(recorded: Transcript, options: TranscriptEmulatorOptions = {}) {
  const clock = new FakeClock();
  const heard: string[] = [];
  let ask = (_text: string): void => {};
  const instrument = transcriptEmulator(recorded, { clock, ...options })();
  instrument.connect({
    send: (bytes) =>
      void heard.push(`${Math.round(clock.monotonic())} ${Buffer.from(bytes as Buffer).toString('latin1')}`),
    onReceive: (listener) => {
      ask = (text) => listener(Buffer.from(text, 'latin1'));
    },
  });
  return { clock, heard, instrument, ask: (text: string) => ask(text) };
}

const session = transcript(
  [1, 'tx', 'A?\n'],
  [1.02, 'rx', 'a1'],
  [1.03, 'rx', '\n'],
  [2, 'tx', 'B?\n'],
  [2.5, 'rx', 'b\n'],
  [3, 'tx', 'A?\n'],
  [3.01, 'rx', 'a2\n'],
  [4, 'tx', 'RANGE 1\n'],
);

describe('transcriptEmulator', () => {
  it('answers each question with what followed it, after the recorded time', async () => {
    const { clock, heard, ask } = bench(session);
    ask('A?\n');
    await clock.advance(19);
    expect(heard).toEqual([]);
    await clock.advance(12);
    expect(heard).toEqual(['20 a1', '30 \n']);
  });

  it('answers in whatever order it is asked, a repeated question with its answers in turn', async () => {
    const { clock, heard, ask } = bench(session, { immediately: true });
    for (const question of ['B?\n', 'A?\n', 'RANGE 1\n', 'A?\n', 'A?\n']) ask(question);
    await clock.advance(0);
    expect(heard.map((line) => line.slice(2))).toEqual(['b\n', 'a1', '\n', 'a2\n', 'a1', '\n']);
    expect(clock.pending).toBe(0);
  });

  it('knows a question in whatever pieces it comes', () => {
    const { heard, ask, instrument } = bench(session, { immediately: true });
    for (const piece of ['A', '?', '\nB?\nB', '?\n']) ask(piece);
    expect(heard).toEqual(['0 a1', '0 \n', '0 b\n', '0 b\n']);
    expect(instrument.unknown).toBe(0);
  });

  it('passes over what was never asked, and counts its bytes', () => {
    const { heard, ask, instrument } = bench(session, { immediately: true });
    ask('\xffA?A?\nC?\n');
    expect(heard).toEqual(['0 a1', '0 \n']);
    expect(instrument.unknown).toBe(6);
  });

  it('takes the longer of two questions that begin alike', () => {
    const { heard, ask } = bench(transcript([0, 'tx', 'A'], [1, 'rx', 'short'], [2, 'tx', 'AB'], [3, 'rx', 'long']), {
      immediately: true,
    });
    ask('AB');
    ask('A');
    expect(heard).toEqual(['0 long', '0 short']);
  });

  it('says unasked what was said before the first question, at its times, and again after each power-up', async () => {
    const { clock, heard, instrument } = bench(
      transcript([0.1, 'rx', 'ready\n'], [0.4, 'rx', 'really\n'], [1, 'tx', '?']),
    );
    await clock.advance(500);
    expect(heard).toEqual(['100 ready\n', '400 really\n']);
    instrument.connect({ send: () => heard.push('again'), onReceive: () => {} });
    await clock.advance(100);
    expect(heard.at(-1)).toBe('again');
  });

  it('leaves out a question that the end of the recording has cut off from its answer', () => {
    const { heard, ask } = bench(transcript([0, 'tx', 'A'], [1, 'rx', 'a'], [2, 'tx', 'A']), { immediately: true });
    ask('AA');
    expect(heard).toEqual(['0 a', '0 a']);
  });

  it('keeps no timer once it is switched off', () => {
    const { clock, ask, instrument } = bench(session);
    ask('A?\n');
    ask('B?\n');
    expect(clock.pending).toBe(2);
    instrument.disconnect();
    expect(clock.pending).toBe(0);
  });

  it('holds 64 answers at most, and counts the questions that it missed', () => {
    const { clock, ask, instrument } = bench(session);
    ask('B?\n'.repeat(100));
    expect(clock.pending).toBe(64);
    expect(instrument.missed).toBe(36);
  });
});
