import { EventEmitter } from 'node:events';
import type { FSWatcher } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it, vi } from 'vitest';
import { folderIdentity, watchedFolders, watchFolder } from '../../../src/port/discovery/folder-watch.ts';

/** Watches of the file system that a test makes fail as the system does when it has no more of them. */
const system = vi.hoisted(() => ({
  watchers: [] as { emit(event: string, ...values: unknown[]): boolean }[],
  full: false,
}));
vi.mock('node:fs', async (original) => ({
  ...(await original<typeof import('node:fs')>()),
  watch: (): FSWatcher => {
    if (system.full) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    const watcher = Object.assign(new EventEmitter(), { close: () => {} });
    system.watchers.push(watcher);
    return watcher as unknown as FSWatcher;
  },
}));

const folder = tmpdir();
const identity = folderIdentity(folder) ?? '';

describe('watchFolder', () => {
  it('says so where the system gives no watch', () => {
    system.full = true;
    expect(
      watchFolder(
        folder,
        identity,
        () => {},
        () => {},
      ),
    ).toBeUndefined();
    system.full = false;
    expect(watchedFolders()).toBe(0);
  });

  it('tells all of its users when the system gives a watch up, and starts a new one for who comes later', () => {
    let broken = 0;
    const end = watchFolder(
      folder,
      identity,
      () => {},
      () => broken++,
    );
    watchFolder(
      folder,
      identity,
      () => {},
      () => broken++,
    );
    expect(system.watchers).toHaveLength(1);
    system.watchers[0]?.emit('error', new Error('the watch was given up'));
    expect(broken).toBe(2);
    expect(watchedFolders()).toBe(0);
    const endLater = watchFolder(
      folder,
      identity,
      () => {},
      () => broken++,
    );
    expect(system.watchers).toHaveLength(2);
    // What an earlier user ends is no longer there, and what the later one has stays.
    end?.();
    expect(watchedFolders()).toBe(1);
    endLater?.();
    endLater?.();
    expect(watchedFolders()).toBe(0);
  });
});
