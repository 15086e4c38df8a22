import { describe, expect, it } from 'vitest';
import { FakeClock, silentLogger } from '../../../src/base/index.ts';
import { Notifier } from '../../../src/cli/systemd/notifier.ts';

function notifier(): { sent: string[]; notifier: Notifier; clock: FakeClock; warnings: unknown[]; room: number } {
  const sent: string[] = [];
  const warnings: unknown[] = [];
  const state = { sent, warnings, clock: new FakeClock(), room: Number.POSITIVE_INFINITY };
  const socket = { send: (text: string) => state.room-- > 0 && sent.push(text) > 0, close: () => {} };
  const log = { ...silentLogger, warn: (...words: unknown[]) => void warnings.push(words.at(-1)) } as never;
  return Object.assign(state, { notifier: new Notifier('/x', { clock: state.clock, log, open: () => socket }) });
}

describe('a notifier', () => {
  it('sends what belongs together as one message', () => {
    const { notifier: told, sent } = notifier();
    told.tell('READY=1', 'STATUS=all well');
    expect(sent).toEqual(['READY=1\nSTATUS=all well']);
  });

  it('keeps what finds no room, in order, and sends it when there is some', async () => {
    const state = notifier();
    state.room = 1;
    for (const text of ['a', 'b', 'c']) state.notifier.tell(text);
    expect(state.sent).toEqual(['a']);
    state.room = Number.POSITIVE_INFINITY;
    await state.clock.advance(100);
    expect(state.sent).toEqual(['a', 'b', 'c']);
    expect(state.clock.pending).toBe(0);
  });

  it('keeps the last 32 at most, and says once that it lets others go', async () => {
    const state = notifier();
    state.room = 0;
    for (let index = 0; index < 100; index++) state.notifier.tell(String(index));
    expect(state.warnings).toEqual([expect.stringContaining('takes no messages')]);
    state.room = Number.POSITIVE_INFINITY;
    await state.clock.advance(100);
    expect(state.sent).toEqual(Array.from({ length: 32 }, (_, index) => String(68 + index)));
  });

  it('waits for nothing after its end', () => {
    const state = notifier();
    state.room = 0;
    state.notifier.tell('a');
    state.notifier.close();
    expect(state.clock.pending).toBe(0);
  });
});
