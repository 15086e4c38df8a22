import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Leftovers } from '../../src/port/leftovers.ts';

describe('Leftovers', () => {
  it('are gone when the last has ended, however it ended', async () => {
    const leftovers = new Leftovers();
    const { signal } = new AbortController();
    await leftovers.gone('Waiting', signal);
    const ends: (() => void)[] = [];
    leftovers.add(new Promise<void>((resolve) => ends.push(resolve)));
    leftovers.add(new Promise<void>((_resolve, reject) => ends.push(() => reject(new Error('as an example')))));
    let gone = false;
    const waiting = leftovers.gone('Waiting', signal).then(() => {
      gone = true;
    });
    ends[1]?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(gone).toBe(false);
    ends[0]?.();
    await waiting;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('hold nobody who gives up', async () => {
    const leftovers = new Leftovers();
    leftovers.add(new Promise(() => {}));
    const abort = new AbortController();
    const waiting = leftovers.gone('Opening it', abort.signal);
    abort.abort();
    await expect(waiting).rejects.toThrow('Opening it was cancelled (ABORTED)');
    await expect(leftovers.gone('Opening it', abort.signal)).rejects.toThrow('ABORTED');
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });
});
