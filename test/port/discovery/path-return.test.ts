import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PathReturn, pathIdentity } from '../../../src/port/discovery/path-return.ts';
import { Pty } from '../../../src/port/index.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-return-'));
  path = join(folder, 'port');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Whether a watch that begins now calls before anything happens. */
async function callsAtOnce(place: PathReturn): Promise<boolean> {
  let calls = 0;
  const end = place.watch(() => calls++);
  expect(calls).toBe(0);
  await Promise.resolve();
  end();
  return calls > 0;
}

describe('a path that is opened again and again', () => {
  it('is there anew when its device was replaced in the same tick, each of a hundred times', async () => {
    const place = new PathReturn(path);
    let pty = Pty.open({ link: path });
    for (let round = 0; round < 100; round++) {
      // The file system's clock has ticked since the device was made: an opening takes longer than that.
      await new Promise((resolve) => setTimeout(resolve, 10));
      place.opening();
      expect(await callsAtOnce(place)).toBe(false);
      pty.close();
      pty = Pty.open({ link: path });
      expect(await callsAtOnce(place)).toBe(true);
    }
    pty.close();
  });

  it('is there anew when the device that it is itself got its number back', async () => {
    // Again, until no other process has taken the number first.
    for (let isSame = false; !isSame; ) {
      const first = Pty.open();
      const place = new PathReturn(first.path);
      place.opening();
      await new Promise((resolve) => setTimeout(resolve, 10));
      first.close();
      const second = Pty.open();
      isSame = second.path === first.path;
      if (isSame) expect(await callsAtOnce(place)).toBe(true);
      second.close();
    }
  });

  it('is the same one after it was written to', () => {
    const pty = Pty.open({ link: path });
    const before = pathIdentity(path);
    pty.write(Buffer.from('something'));
    expect(pathIdentity(path)).toBe(before);
    pty.close();
  });

  it('does not call before its first opening, while it leads nowhere, or after the end of the watch', async () => {
    const place = new PathReturn(path);
    symlinkSync('device', path);
    expect(await callsAtOnce(place)).toBe(false);
    writeFileSync(join(folder, 'device'), '');
    expect(await callsAtOnce(place)).toBe(false);
    place.opening();
    rmSync(join(folder, 'device'));
    expect(await callsAtOnce(place)).toBe(false);
    symlinkSync('port', join(folder, 'device'));
    expect(await callsAtOnce(place)).toBe(false);
    rmSync(join(folder, 'device'));
    writeFileSync(join(folder, 'device'), '');
    let calls = 0;
    place.watch(() => calls++)();
    await Promise.resolve();
    expect(calls).toBe(0);
    expect(await callsAtOnce(place)).toBe(true);
  });

  it('calls for another than was opened, and only for that, however a link is turned', async () => {
    const devices = ['a', 'b', 'c', 'd'];
    for (const name of devices) writeFileSync(join(folder, name), '');
    // Each once: a link made twice in one tick of the file system's clock may be the same to it.
    const targets = fc.uniqueArray(fc.constantFrom(...devices, 'nowhere'), { minLength: 2 });
    const looks = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(targets, looks, async (targets, opens) => {
        const place = new PathReturn(path);
        let opened: string | undefined;
        for (const [index, target] of targets.entries()) {
          symlinkSync(target, `${path}.new`);
          renameSync(`${path}.new`, path);
          const isThere = target !== 'nowhere';
          expect(await callsAtOnce(place)).toBe(isThere && opened !== undefined);
          if (!isThere || !opens[index % opens.length]) continue;
          place.opening();
          opened = target;
          expect(await callsAtOnce(place)).toBe(false);
        }
        rmSync(path);
      }),
      { numRuns: 50 },
    );
  });
});
