import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchPath } from '../../src/port/path-watch.ts';
import { eventually } from './eventually.ts';

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
