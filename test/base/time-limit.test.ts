import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { FakeClock, unlessAborted, within } from '../../src/base/index.ts';

describe('within', () => {
  it('settles as the promise does, and leaves no timer', async () => {
    const clock = new FakeClock();
    expect(await within(clock, 100, Promise.resolve('done'), 'Waiting')).toBe('done');
    await expect(within(clock, 100, Promise.reject(new Error('broken')), 'Waiting')).rejects.toThrow('broken');
    expect(clock.pending).toBe(0);
  });

  it('rejects after the time', async () => {
    const clock = new FakeClock();
    const waiting = within(clock, 1500, new Promise(() => {}), 'Waiting');
    const rejection = expect(waiting).rejects.toThrow('Waiting took longer than 1.5 s (TIMEOUT)');
    await clock.advance(1500);
    await rejection;
  });
});

describe('unlessAborted', () => {
  it('settles as the promise does, and leaves no listener', async () => {
    const { signal } = new AbortController();
    expect(await unlessAborted(Promise.resolve('done'), 'Waiting', signal)).toBe('done');
    await expect(unlessAborted(Promise.reject(new Error('broken')), 'Waiting', signal)).rejects.toThrow('broken');
    await Promise.resolve();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects at the abort, before it and after it, and drops what comes later', async () => {
    const abort = new AbortController();
    let fail = (_error: Error): void => {};
    const late = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    const waiting = unlessAborted(late, 'Waiting', abort.signal);
    abort.abort();
    await expect(waiting).rejects.toThrow('Waiting was cancelled (ABORTED)');
    await expect(unlessAborted(late, 'Waiting', abort.signal)).rejects.toThrow('ABORTED');
    fail(new Error('too late'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });
});
