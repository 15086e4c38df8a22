import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/index.ts';
import type { Announcement } from '../../../src/server/live/announcement.ts';
import { FanOut } from '../../../src/server/live/fan-out.ts';
import type { Line } from '../../../src/server/live/line.ts';
import { LiveClient } from '../../../src/server/live/live-client.ts';

const told = (key: string, text: string | undefined = key): Announcement => ({
  key,
  within: ['', key],
  text: () => text,
});

/** A client whose line has room for so many texts. */
function client(room = Number.POSITIVE_INFINITY, fanOut = new FanOut()) {
  const clock = new FakeClock();
  const written: string[] = [];
  const state = { room };
  const line = {
    get hasRoom() {
      return written.length < state.room;
    },
    write: (text: string) => void written.push(text),
  } as unknown as Line;
  const live = new LiveClient(line, fanOut, clock);
  return { live, clock, written, state, fanOut };
}

const turns = async (count = 3): Promise<void> => {
  for (let i = 0; i < count; i++) await setImmediate();
};

describe('a client over socket.io', () => {
  it('is told everything in order, each change of a path too', async () => {
    const { live, written } = client();
    for (const text of ['a', 'b', 'c']) live.announce(told('path', text));
    expect(written).toEqual([]);
    await turns();
    expect(written).toEqual(['a', 'b', 'c']);
  });

  it('is told no more than there is room for, and the rest when there is room again', async () => {
    const { live, written, state } = client(2);
    for (const key of ['a', 'b', 'c', 'd']) live.announce(told(key));
    await turns();
    expect(written).toEqual(['a', 'b']);
    state.room = 10;
    live.resume();
    await turns();
    expect(written).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is told nothing of what is gone again', async () => {
    const { live, written } = client();
    live.announce({ ...told('gone'), text: () => undefined });
    live.announce(told('there'));
    await turns();
    expect(written).toEqual(['there']);
  });

  it('is told nothing more once it is gone', async () => {
    const { live, written } = client();
    live.announce(told('a'));
    live.end();
    live.announce(told('b'));
    await turns();
    expect(written).toEqual([]);
  });

  it('is told only what it has subscribed to', async () => {
    const { live, written } = client();
    live.subscribe({ prefixes: new Set(['b', 'd']), intervalMs: 0 });
    for (const key of ['a', 'b', 'c', 'd']) live.announce(told(key));
    live.announce({ key: 'log', within: null, text: () => 'log' });
    await turns();
    expect(written).toEqual(['b', 'd', 'log']);
  });

  it('is told each path no faster than it wants, and its latest value', async () => {
    const { live, written, clock } = client();
    live.subscribe({ prefixes: null, intervalMs: 100 });
    const step = async (ms: number): Promise<string[]> => {
      await clock.advance(ms);
      await turns();
      return written.splice(0);
    };
    live.announce(told('a', 'a1'));
    live.announce(told('b', 'b1'));
    live.announce(told('a', 'a2'));
    expect(await step(0)).toEqual(['a2', 'b1']);
    live.announce(told('a', 'a3'));
    expect(await step(99)).toEqual([]);
    live.announce(told('a', 'a4'));
    expect(await step(1)).toEqual(['a4']);
    expect(await step(1_000)).toEqual([]);
    live.announce(told('b', 'b2'));
    expect(await step(0)).toEqual(['b2']);
    expect(live.merged).toBe(2);
  });

  it('keeps what waits when it subscribes anew', async () => {
    const { live, written, state } = client(0);
    for (const key of ['a', 'b']) live.announce(told(key));
    live.subscribe({ prefixes: new Set(['b']), intervalMs: 0 });
    state.room = 10;
    live.resume();
    await turns();
    expect(written).toEqual(['b']);
  });

  it('has its turn beside one that is owed ever so much, and so has everything else', async () => {
    const fanOut = new FanOut();
    const much = client(Number.POSITIVE_INFINITY, fanOut);
    const little = client(Number.POSITIVE_INFINITY, fanOut);
    for (let i = 0; i < 20_000; i++) much.live.announce(told(`path${i}`));
    little.live.announce(told('little'));
    await setImmediate();
    expect(little.written).toEqual(['little']);
    expect(much.written.length).toBeGreaterThan(0);
    expect(much.written.length).toBeLessThanOrEqual(1_024);
    await turns(300);
    expect(much.written.length).toBe(20_000);
  });
});
