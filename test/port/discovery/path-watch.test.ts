import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchedFolders } from '../../../src/port/discovery/folder-watch.ts';
import { watchPath } from '../../../src/port/discovery/path-watch.ts';
import { eventually } from '../eventually.ts';

describe('watchPath', () => {
  let folder: string;
  let calls = 0;
  let end = (): void => {};
  const watch = (path: string): void => {
    calls = 0;
    end = watchPath(path, () => {
      calls++;
    });
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'labwire-watch-'));
  });
  afterEach(() => {
    end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('calls when the path is made', async () => {
    const path = join(folder, 'port');
    watch(path);
    writeFileSync(path, '');
    await eventually(() => calls > 0, 'the call');
  });

  it('calls when the path is made in folders that were not there either', async () => {
    const path = join(folder, 'a/b/c/port');
    watch(path);
    mkdirSync(join(folder, 'a/b/c'), { recursive: true });
    writeFileSync(path, '');
    await eventually(() => calls > 0, 'the call');
  });

  it('calls again when the folder was removed and made again', async () => {
    const path = join(folder, 'serial/port');
    watch(path);
    for (let round = 0; round < 3; round++) {
      mkdirSync(join(folder, 'serial'));
      writeFileSync(path, '');
      await eventually(() => calls > 0, `call ${round + 1}`);
      rmSync(join(folder, 'serial'), { recursive: true });
      await new Promise((resolve) => setImmediate(resolve));
      calls = 0;
    }
  });

  it('calls when what a link leads to is made, wherever that is', async () => {
    mkdirSync(join(folder, 'far'));
    symlinkSync('far/device', join(folder, 'near'));
    symlinkSync(join(folder, 'near'), join(folder, 'port'));
    watch(join(folder, 'port'));
    for (let round = 0; round < 3; round++) {
      writeFileSync(join(folder, 'far/device'), '');
      await eventually(() => calls > 0, `call ${round + 1}`);
      rmSync(join(folder, 'far'), { recursive: true });
      mkdirSync(join(folder, 'far'));
      calls = 0;
    }
    rmSync(join(folder, 'near'));
    mkdirSync(join(folder, 'other'));
    symlinkSync('other/device', join(folder, 'near'));
    writeFileSync(join(folder, 'other/device'), '');
    await eventually(() => calls > 0, 'the call for another target');
  });

  it('bears a link that leads to itself', () => {
    symlinkSync('port', join(folder, 'port'));
    watch(join(folder, 'port'));
    expect(watchedFolders()).toBe(1);
  });

  it('shares the watch of a folder with all who wait there, and leaves none behind', async () => {
    const all = Array.from({ length: 256 }, (_, index) => {
      const state = { called: false, end: () => {} };
      state.end = watchPath(join(folder, `port${index}`), () => {
        state.called = true;
      });
      return state;
    });
    expect(watchedFolders()).toBe(1);
    writeFileSync(join(folder, 'port7'), '');
    await eventually(() => all[7]?.called === true, 'the call');
    expect(all.filter(({ called }) => called)).toHaveLength(1);
    for (const { end } of all) end();
    expect(watchedFolders()).toBe(0);
  });

  it('does not call for other paths, for a write to the path, or after its end', async () => {
    const path = join(folder, 'port');
    const marker = join(folder, 'marker');
    writeFileSync(path, '');
    watch(path);
    writeFileSync(path, 'written to');
    writeFileSync(join(folder, 'other'), '');
    // Events come in order: when a second watch has seen the last of them, the first has seen all.
    let seen = false;
    const endMarker = watchPath(marker, () => {
      seen = true;
    });
    writeFileSync(marker, '');
    await eventually(() => seen, 'the marker');
    expect(calls).toBe(0);
    endMarker();
    end();
    renameSync(marker, path);
    seen = false;
    const endLast = watchPath(marker, () => {
      seen = true;
    });
    writeFileSync(marker, '');
    await eventually(() => seen, 'the last marker');
    expect(calls).toBe(0);
    endLast();
  });
});
