import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChangeFeed, type RemoteChange } from '../../src/client/change-feed.ts';

const change = (path: string, value: unknown): RemoteChange => ({
  path,
  value,
  node: { full_access_path: path, type: 'int', value, readonly: false, doc: null },
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('changes', () => {
  it('are handed out in their order to whoever asks for several at once, to each its own, until the end', async () => {
    const feed = new ChangeFeed([''], {}, () => {});
    const asked = [feed.next(), feed.next(), feed.next()];
    feed.push(change('a', 1));
    feed.push(change('b', 2));
    feed.end();
    const told = await Promise.all(asked);
    expect(told.map(({ value }) => value?.path)).toEqual(['a', 'b', undefined]);
  });
});

describe('changes with a rate', () => {
  it('come at once, and then each path no more often than that, the newest of each', async () => {
    const feed = new ChangeFeed([''], { maxHz: 2 }, () => {});
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const { path, value } of feed) seen.push([path, value]);
    })();
    feed.push(change('a', 1));
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.splice(0)).toEqual([['a', 1]]);
    for (const value of [2, 3, 4]) feed.push(change('a', value));
    feed.push(change('b', 1));
    await vi.advanceTimersByTimeAsync(499);
    expect(seen).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(seen.splice(0)).toEqual([
      ['a', 4],
      ['b', 1],
    ]);
    expect(feed.coalesced).toBe(2);
    await vi.advanceTimersByTimeAsync(5000);
    feed.push(change('a', 5));
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toEqual([['a', 5]]);
    feed.end();
    await reading;
    expect(vi.getTimerCount()).toBe(0);
  });
});
