import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeOut } from '../../src/dashboards/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labwire-out-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const files = (...texts: string[]): Map<string, string> =>
  new Map(texts.map((text, i) => [`dashboards/${i}.json`, text]));
const content = (name: string): Promise<string> => readFile(join(folder, 'dashboards', name), 'utf8');

test('files are written, replaced where they changed, and left where they did not', async () => {
  expect(await writeOut(folder, files('a', 'b'))).toMatchObject({
    written: ['dashboards/0.json', 'dashboards/1.json'],
  });
  const again = await writeOut(folder, files('a', 'c'));
  expect(again).toEqual({ written: ['dashboards/1.json'], unchanged: ['dashboards/0.json'], kept: [], former: [] });
  expect(await content('1.json')).toBe('c');
});

test('a file that somebody changed, or made, is left alone and told of, until it is moved away', async () => {
  await writeOut(folder, files('a'));
  await writeFile(join(folder, 'dashboards', '0.json'), 'mine');
  await writeFile(join(folder, 'dashboards', '1.json'), 'mine too');
  await writeFile(join(folder, 'dashboards', 'copy.json'), 'a copy');
  expect(await writeOut(folder, files('b', 'c'))).toMatchObject({
    kept: ['dashboards/0.json', 'dashboards/1.json'],
    written: [],
  });
  expect([await content('0.json'), await content('1.json'), await content('copy.json')]).toEqual([
    'mine',
    'mine too',
    'a copy',
  ]);
  await rm(join(folder, 'dashboards', '0.json'));
  expect(await writeOut(folder, files('b'))).toMatchObject({ written: ['dashboards/0.json'] });
});

test('a file that is no longer among them stays, and is told of', async () => {
  await writeOut(folder, files('a', 'b'));
  for (let round = 0; round < 2; round++)
    expect(await writeOut(folder, files('a'))).toMatchObject({ former: ['dashboards/1.json'] });
  expect(await content('1.json')).toBe('b');
  await rm(join(folder, 'dashboards', '1.json'));
  expect(await writeOut(folder, files('a'))).toMatchObject({ former: [] });
});

test('a folder that cannot be written, and a damaged record of what is whose, are told of', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(writeOut(join(folder, 'file'), files('a'))).rejects.toThrow(/file cannot be written: .*USAGE/);
  await writeFile(join(folder, 'labwire-files.json'), '{');
  await expect(writeOut(folder, files('a'))).rejects.toThrow(/is damaged/);
});
