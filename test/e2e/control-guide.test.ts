import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Block, blocksOf, placeOf, project } from '../integration/document-blocks.ts';
import { CLI, eventually, Running } from './labwire-process.ts';
import { Network, plain, runShell, shown, standIns, Terminal } from './terminal.ts';

const LIMIT_MS = 60_000;
/** What a program on the page has beside it: the other program, by its type alone. */
const IMPORTED = "import type { SensorService } from './sensor.ts';\n";
/** What tells that a program on the page is there by now. */
const ready: Record<string, string> = {
  sensor: 'labwire read --json | grep -q "value.: [0-9.]*,$"',
  gateway:
    'labwire devices | grep -q online && mosquitto_sub -t "labwire/+/+/channels/stage1" -C 1 -W 5 | grep -q good',
};

let network: Network;
let broker: Running;
let folder = '';
const programs = standIns();
const terminals: Terminal[] = [];
const env = {
  ...process.env,
  PATH: `${programs.folder}:${process.env.PATH}:/usr/sbin`,
  NODE_OPTIONS: `--import ${join(import.meta.dirname, 'typescript-loader.mjs')}`,
  LABWIRE_URL: '',
  LABWIRE_TOKEN: '',
};

beforeAll(async () => {
  network = await Network.open();
  // Within the project, so that `labwire` in a program means this package.
  folder = mkdtempSync(join(project, '.cache-control-'));
  const labwire = `#!/bin/sh\nNODE_OPTIONS= exec "${process.execPath}" "${CLI}" "$@"\n`;
  writeFileSync(join(programs.folder, 'labwire'), labwire, { mode: 0o755 });
  broker = new Running('nsenter', [...network.prefix.slice(1), 'mosquitto', '-p', '1883'], { env });
});
afterAll(async () => {
  await Promise.all(terminals.map((terminal) => terminal.interrupt()));
  await broker?.stop('SIGKILL');
  network?.close();
  programs.remove();
  if (folder !== '') rmSync(folder, { recursive: true });
});

const shell = (text: string): Promise<string> =>
  runShell(text, { cwd: folder, env, prefix: network.prefix, timeout: LIMIT_MS });

/** Does what somebody does who has come to this block, and gives what he sees. */
async function follow({ language, text, words }: Block): Promise<string> {
  const [file, stays] = [words.get('file'), words.get('stays')];
  if (file !== undefined) writeFileSync(join(folder, file), text);
  else if (stays !== undefined) {
    terminals.push(new Terminal(text.trim(), { cwd: folder, env, prefix: network.prefix }));
    const there = shell.bind(undefined, ready[stays] ?? 'true');
    await eventually(() =>
      there().then(
        () => true,
        () => false,
      ),
    ).catch(() => expect.fail(`${stays} is not there: ${terminals.at(-1)?.text}`));
  } else if (language === 'sh') return shell(text);
  else if (language === 'ts') {
    writeFileSync(join(folder, 'client.ts'), IMPORTED + text);
    return shell('node client.ts');
  } else if (language === 'python') {
    writeFileSync(join(folder, 'notebook.py'), text);
    await promisify(execFile)('/usr/bin/python3', ['-m', 'py_compile', join(folder, 'notebook.py')]);
  }
  return '';
}

it('who follows docs/control.md sees all that it says, word by word', { timeout: 600_000 }, async () => {
  const blocks = blocksOf('docs/control.md');
  expect(blocks.map(({ language }) => language)).toEqual(expect.arrayContaining(['sh', 'ts', 'python', 'output']));
  let seen = '';
  for (const block of blocks) {
    // Of a machine that others reach: this one is not.
    if (block.language === 'yaml' && !block.words.has('file')) continue;
    if (block.language === 'output') expect(plain(seen), placeOf(block)).toMatch(shown(block.text));
    else {
      seen = await follow(block).catch((error) => {
        throw new Error(`${placeOf(block)}: ${error.message}\n${error.stdout ?? ''}`);
      });
    }
  }
});
