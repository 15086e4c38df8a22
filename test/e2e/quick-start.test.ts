import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Block, blocksOf, placeOf, project } from '../integration/document-blocks.ts';
import { eventually, Running } from './labwire-process.ts';
import { type Packed, pack } from './packed.ts';
import { Network, plain, runShell, shown, standIns, Terminal } from './terminal.ts';

const run = promisify(execFile);
const blocks = blocksOf('docs/quick-start.md');
const NODE24 = process.env.LABWIRE_NODE24 ?? '';
const INSTALL_LIMIT_MS = 600_000;

const isQuery = ({ text }: Block): boolean => text.startsWith('curl ');

let packed: Packed;
let network: Network;
let folder = '';
const programs = standIns();
const terminals = new Map<string, Terminal>();
const servers: Running[] = [];
const env = { ...process.env, PATH: `${programs.folder}:${process.env.PATH}:/usr/sbin`, NO_UPDATE_NOTIFIER: '1' };

beforeAll(async () => {
  network = await Network.open();
  packed = await pack();
  folder = join(packed.folder, 'lab');
  mkdirSync(folder);
}, INSTALL_LIMIT_MS);
afterAll(async () => {
  await Promise.all([...terminals.values()].map((terminal) => terminal.interrupt()));
  await Promise.all(servers.map((server) => server.stop('SIGKILL')));
  network?.close();
  programs.remove();
  packed?.remove();
});

/** What Debian's packages start: both servers on their usual ports, their files in a folder of the test. */
async function startServers(): Promise<void> {
  const data = join(packed.folder, 'influx');
  const lines = [
    'reporting-disabled = true',
    'bind-address = "127.0.0.1:8088"',
    `[meta]\ndir = "${data}/meta"`,
    `[data]\ndir = "${data}/data"\nwal-dir = "${data}/wal"`,
    '[http]\nbind-address = "127.0.0.1:8086"\nlog-enabled = false',
  ];
  const file = join(packed.folder, 'influxdb.conf');
  writeFileSync(file, lines.join('\n'));
  for (const command of [
    ['mosquitto', '-p', '1883'],
    ['influxd', '-config', file],
  ])
    servers.push(new Running('nsenter', [...network.prefix.slice(1), ...command], { env }));
  const ready = 'curl -sf http://localhost:8086/ping && mosquitto_pub -t ready -m yes';
  await eventually(() =>
    runShell(ready, { cwd: folder, env, prefix: network.prefix, timeout: 5000 }).then(
      () => true,
      () => false,
    ),
  );
}

/** What comes from a registry comes over the network of the machine. */
const needsRegistry = ({ text }: Block): boolean => /^(?:sudo apt-get|npm) install/m.test(text);

/** What is on the terminal that was used last. Asked again, it is what a person sees who looks again. */
let printed = async (): Promise<string> => '';

async function follow(block: Block): Promise<void> {
  const { language, text, words } = block;
  const file = words.get('file');
  const [stays, ends] = [words.get('stays'), words.get('ends')];
  if (ends !== undefined) await terminals.get(ends)?.interrupt();
  if (file !== undefined) writeFileSync(join(folder, file), text);
  else if (language === 'output') {
    const pattern = shown(text);
    let last = '';
    await eventually(async () => {
      last = await printed();
      return pattern.test(last);
    }).catch(() => expect(last, placeOf(block)).toMatch(pattern));
  } else if (stays !== undefined) {
    const terminal = new Terminal(text.trim(), { cwd: folder, env, prefix: network.prefix });
    terminals.set(stays, terminal);
    printed = async () => terminal.text;
  } else if (language === 'sh') {
    const prefix = needsRegistry(block) ? [] : network.prefix;
    const output = (): Promise<string> =>
      runShell(text, { cwd: folder, env, prefix, timeout: INSTALL_LIMIT_MS }).catch((error) => {
        throw new Error(`${placeOf(block)}: ${error.message}\n${error.stdout}`);
      });
    let first: string | undefined = await output();
    // A database is asked again: a person reads a while before, and points come in batches.
    printed = async () => {
      const answer = first ?? (await output());
      if (isQuery(block)) first = undefined;
      return plain(answer);
    };
  } else throw new Error(`${placeOf(block)}: who follows the page has nothing to do with it`);
}

describe('the package', () => {
  it('holds what runs, its types, the catalogue and the documents, and nothing else', async () => {
    const { stdout } = await run('tar', ['-tzf', packed.file]);
    const files = stdout
      .trim()
      .split('\n')
      .map((name) => name.replace(/^package\//, ''));
    const stray = files.filter(
      (name) =>
        !/^dist\/(src|drivers|mocks)\/.*\.(js|d\.ts)$/.test(name) &&
        !/^(devices|schema|docs|deploy)\//.test(name) &&
        !['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'CONTRIBUTING.md'].includes(name) &&
        !name.startsWith('dist/web/'),
    );
    expect(stray).toEqual([]);
    expect(statSync(packed.file).size).toBeLessThan(1_000_000);
  });

  it('says nothing of the machine that made it', async () => {
    const unpacked = join(packed.folder, 'unpacked');
    mkdirSync(unpacked);
    await run('tar', ['-xzf', packed.file, '-C', unpacked]);
    const found = readdirSync(unpacked, { recursive: true, encoding: 'utf8' })
      .map((name) => join(unpacked, name))
      .filter((name) => statSync(name).isFile() && readFileSync(name, 'latin1').includes(project));
    expect(found).toEqual([]);
  });
});

describe('who follows the quick start in an empty folder', () => {
  it('sees all that it says, word by word', { timeout: INSTALL_LIMIT_MS + 300_000 }, async () => {
    await startServers();
    for (const block of blocks) await follow(block);
  });
});

describe.each([
  ['the Node that installed it', process.execPath],
  ['Node 24', NODE24],
])('what is installed there, with %s,', (name, node) => {
  const withNode = { ...env, PATH: `${join(node, '..')}:${env.PATH}` };

  it('runs the demo with npx', async () => {
    const empty = join(packed.folder, 'demo');
    mkdirSync(empty, { recursive: true });
    const demo = new Terminal(`npx --prefix ${folder} labwire demo`, {
      cwd: empty,
      env: withNode,
      prefix: network.prefix,
    });
    try {
      await eventually(() => /cryostat +stage1 4\.\d+ K/.test(demo.text));
      expect(demo.text).toMatch(/published by an MQTT broker at mqtt:\/\/127\.0\.0\.1:\d+/);
    } finally {
      await demo.interrupt();
    }
    expect(readdirSync(empty)).toEqual([]);
  });

  it('can be imported by every name that it exports', async () => {
    const { exports } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { exports: object };
    const names = Object.keys(exports)
      .filter((path) => !path.includes('*') && !path.endsWith('.json'))
      .map((path) => `labwire${path.slice(1)}`);
    const program = `for (const name of ${JSON.stringify(names)}) console.log(name, Object.keys(await import(name)).length > 0)`;
    const { stdout } = await run(node, ['--input-type=module', '-e', program], { cwd: folder });
    expect(stdout).toBe(names.map((path) => `${path} true\n`).join(''));
  });

  it('keeps a journal', async () => {
    const program = `import { Gateway } from 'labwire';
import { drivers, models } from 'labwire/drivers';
import { emulators } from 'labwire/mocks';
const gateway = new Gateway(
  { server: { port: 0 }, devices: { a: { model: 'lakeshore-218', port: { emulated: true } } } },
  { drivers, models: [models], emulators, journalFile: process.argv[2] },
);
await gateway.start();
const journal = async () => (await (await fetch(gateway.address + '/healthz')).json()).journal;
// A disk that is slow opens it later.
while ((await journal()).state !== 'ok') await new Promise((resolve) => setTimeout(resolve, 50));
console.log(JSON.stringify(await journal()));
await gateway.stop();`;
    const script = join(folder, 'keeps-a-journal.mjs');
    writeFileSync(script, program);
    const { stdout } = await run(node, [script, join(packed.folder, `journal-${name.length}`, 'journal.db')], {
      timeout: 60_000,
    });
    expect(JSON.parse(stdout)).toMatchObject({ state: 'ok' });
  });
});

describe('a program of a user', () => {
  it('in TypeScript finds the types of all that is exported', async () => {
    const { exports } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
      exports: Record<string, { types?: string }>;
    };
    const names = Object.keys(exports).filter((name) => exports[name]?.types !== undefined);
    const imports = names.map((name, index) => `import * as all${index} from 'labwire${name.slice(1)}';`);
    writeFileSync(
      join(folder, 'own.mts'),
      `${imports.join('\n')}\nvoid [${names.map((_, index) => `all${index}`)}];\n`,
    );
    const options = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2023',
    ];
    const types = ['--typeRoots', join(project, 'node_modules/@types'), '--types', 'node'];
    const { stdout } = await run('npx', ['tsc', ...options, ...types, join(folder, 'own.mts')], { cwd: project }).catch(
      (error) => error,
    );
    expect(stdout).toBe('');
  });
});
