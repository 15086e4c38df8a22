import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../src/base/index.ts';
import { loadUserDrivers, userModels } from '../../src/cli/user-parts.ts';

const face = new URL('../../src/index.ts', import.meta.url).pathname;
const driver = (body: string): string => `import { Instrument } from ${JSON.stringify(face)};\n${body}`;

let folder: string;
let complaints: string[];
let log: Logger;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-drivers-'));
  complaints = [];
  log = { ...silentLogger, error: (_details: unknown, message?: string) => void complaints.push(message ?? '') };
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

describe("a site's drivers", () => {
  it('are the classes of the files, by the names of the files', async () => {
    write('pump.js', driver('export default class Pump extends Instrument {}'));
    write('my-oven.js', driver('export class Oven extends Instrument {}\nexport const helper = () => 1;'));
    write('notes.txt', 'no driver');
    write('types.d.ts', 'export {};');
    expect(Object.keys(await loadUserDrivers(folder, log))).toEqual(['my-oven', 'pump']);
    expect(complaints).toEqual([]);
  });

  it('that are faulty are named and left out, and the rest is used', async () => {
    write('broken.js', 'export default class {');
    write('good.js', driver('export default class Good extends Instrument {}'));
    write('none.js', 'export const x = 1;');
    write('throws.js', 'throw new Error("no such library");');
    write('two.js', driver('export class A extends Instrument {}\nexport class B extends Instrument {}'));
    expect(Object.keys(await loadUserDrivers(folder, log))).toEqual(['good']);
    expect(complaints).toEqual([
      expect.stringMatching(/broken\.js is left out: .*\(DRIVER_INVALID\)/s),
      expect.stringContaining("exports no class that extends labwire's Instrument"),
      expect.stringContaining('throws.js is left out: no such library'),
      expect.stringContaining('several instrument classes'),
    ]);
  });

  it('in TypeScript need a Node that runs it, which the log says', async () => {
    write('pump.ts', driver('export default class Pump extends Instrument { readonly n: number = 1 }'));
    expect(await loadUserDrivers(folder, log, false)).toEqual({});
    expect(complaints[0]).toContain('needs Node 22.18 or newer');
    expect(Object.keys(await loadUserDrivers(folder, log, true))).toEqual(['pump']);
  });

  it('are none where there is no folder', async () => {
    expect(await loadUserDrivers(join(folder, 'none'), log)).toEqual({});
    expect(userModels(join(folder, 'none'))).toEqual([]);
  });

  it('are none where the folder cannot be read, which is told', async () => {
    write('drivers.d', 'no folder');
    expect(await loadUserDrivers(join(folder, 'drivers.d'), log)).toEqual({});
    expect(complaints).toEqual([expect.stringMatching(/drivers\.d cannot be read: ENOTDIR.*\(DRIVER_INVALID\)/)]);
  });
});
