import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchConfiguration } from '../../src/config/index.ts';

let folder: string;
let file: string;
let stop: () => void;
const unexpected = (error: Error): never => {
  throw error;
};

const onEdit = vi.fn();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-watch-'));
  file = join(folder, 'labwire.yaml');
  writeFileSync(file, '');
  onEdit.mockClear();
});
afterEach(() => {
  stop();
  rmSync(folder, { recursive: true });
});

const told = (times: number): Promise<void> => vi.waitFor(() => expect(onEdit).toHaveBeenCalledTimes(times));

describe('watchConfiguration', () => {
  it('tells once of a burst of edits', async () => {
    stop = watchConfiguration(file, onEdit, unexpected);
    for (let edit = 0; edit < 5; edit++) writeFileSync(file, `# ${edit}`);
    await told(1);
  });

  it('sees a file put in place of the old one, again and again', async () => {
    stop = watchConfiguration(file, onEdit, unexpected);
    for (let edit = 1; edit <= 2; edit++) {
      writeFileSync(join(folder, 'new'), `# ${edit}`);
      renameSync(join(folder, 'new'), file);
      await told(edit);
    }
  });

  it('sees devices.d, also where it comes later', async () => {
    stop = watchConfiguration(file, onEdit, unexpected);
    mkdirSync(join(folder, 'devices.d'));
    await told(1);
    writeFileSync(join(folder, 'devices.d', 'a.yaml'), '');
    await told(2);
  });

  it('sees edits where a link leads to, also once it leads elsewhere', async () => {
    for (const place of ['one', 'two']) mkdirSync(join(folder, place));
    const [one, two] = [join(folder, 'one', 'site.yaml'), join(folder, 'two', 'site.yaml')];
    for (const target of [one, two]) writeFileSync(target, '');
    const point = (target: string): void => {
      symlinkSync(target, join(folder, 'new'));
      renameSync(join(folder, 'new'), file);
    };
    point(one);
    stop = watchConfiguration(file, onEdit, unexpected);
    writeFileSync(one, '#');
    await told(1);
    point(two);
    await told(2);
    writeFileSync(two, '#');
    await told(3);
  });

  it('passes over other files', async () => {
    stop = watchConfiguration(file, onEdit, unexpected);
    writeFileSync(join(folder, 'labwire.yaml.swp'), '');
    writeFileSync(join(folder, 'journal.db'), '');
    writeFileSync(file, '#');
    await told(1);
  });

  it('is silent after its end', async () => {
    stop = watchConfiguration(file, onEdit, unexpected);
    stop();
    const other = vi.fn();
    stop = watchConfiguration(file, other, unexpected);
    writeFileSync(file, '#');
    await vi.waitFor(() => expect(other).toHaveBeenCalledTimes(1));
    expect(onEdit).not.toHaveBeenCalled();
  });
});

it('says so when the system refuses to watch', () => {
  const failures: Error[] = [];
  // Below a file there is no folder.
  stop = watchConfiguration(
    join(file, 'labwire.yaml'),
    () => {},
    (error) => failures.push(error),
  );
  expect(failures.map(({ message }) => message)).toContainEqual(expect.stringContaining('ENOTDIR'));
});
