import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { silentLogger } from '../../src/base/index.ts';
import { siteParts } from '../../src/cli/package.ts';
import { readSite } from '../../src/cli/site.ts';
import { loadUserDrivers } from '../../src/cli/user-parts.ts';
import { parseModel } from '../../src/instrument/index.ts';
import { type Block, blocksOf, pages, placeOf, project, textOf } from './document-blocks.ts';
import { commandNames, commandsOf, faultOf } from './shell-block.ts';

/** Pages whose shown output a test of their own compares with the real one. */
const OUTPUT_COMPARED_BY: Record<string, string> = {
  'docs/quick-start.md': 'test/e2e/quick-start.test.ts',
  'docs/troubleshooting.md': 'test/e2e/mistakes.test.ts',
  'docs/control.md': 'test/e2e/control-guide.test.ts',
};
/** Pages whose database queries a test of its own runs. */
const QUERIES_RUN_BY: Record<string, string> = {
  'docs/influxdb.md': 'test/integration/guides.test.ts',
};

const run = promisify(execFile);
// Within the project, so that `labwire` in a program means this package.
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(project, '.cache-documents-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const blocks = pages().flatMap(blocksOf);
/** Those that are no quotation of a file: such are compared with the file, whatever their language. */
const written = (...languages: string[]): Block[] =>
  blocks.filter(({ language, words }) => languages.includes(language) && !words.has('from'));

const KNOWN = ['ts', 'js', 'yaml', 'json', 'sh', 'python', 'output', 'influxql'];

describe('a block of the documents', () => {
  it('has a language that a check below knows, or is quoted from a file', () => {
    expect(blocks.length).toBeGreaterThan(20);
    const unchecked = blocks.filter(({ language, words }) => !KNOWN.includes(language) && !words.has('from'));
    expect(unchecked.map((block) => `${placeOf(block)}: ${block.language || 'no language'}`)).toEqual([]);
  });

  it('that is quoted from a file stands there word for word', () => {
    const wrong = blocks.filter(({ words, text }) => {
      const file = words.get('from');
      return file !== undefined && !unindented(readFileSync(join(project, file), 'utf8')).includes(unindented(text));
    });
    expect(wrong.map(placeOf)).toEqual([]);
  });

  it('in TypeScript is right in all its types', async () => {
    const programs = joined(written('ts'));
    expect(programs.length).toBeGreaterThan(2);
    for (const { page, line, text } of programs)
      writeFileSync(join(folder, `${page.replaceAll(/[/.]/g, '-')}-${line}.ts`), text);
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: '../tsconfig.json',
        compilerOptions: { paths: publicPaths(), moduleDetection: 'force' },
        include: ['*.ts'],
      }),
    );
    const { stdout } = await run('npx', ['tsc', '-p', folder], { cwd: project }).catch((error) => error);
    expect(stdout).toBe('');
  });

  it('in YAML is a configuration, or a catalogue entry, without a mistake', async () => {
    vi.stubEnv('MQTT_PASSWORD', 'as the page has it from the environment');
    const faults: string[] = [];
    for (const block of written('yaml'))
      faults.push(...(await yamlFaults(block)).map((fault) => `${placeOf(block)}: ${fault}`));
    expect(faults).toEqual([]);
  });

  it('in JavaScript is a driver that loads', async () => {
    for (const [index, block] of written('js').entries()) {
      const drivers = mkdtempSync(join(folder, 'drivers-'));
      const from = (name: string): string => `'${resolve(project, publicPaths()[name]?.[0]?.slice(3) ?? '')}'`;
      const program = block.text.replaceAll(/'(labwire(?:\/\w+)?)'/g, (_, name) => from(name));
      writeFileSync(join(drivers, `driver_${index}.js`), program);
      expect(Object.keys(await loadUserDrivers(drivers, silentLogger, false)), placeOf(block)).toHaveLength(1);
    }
  });

  it('in JSON can be read', () => {
    for (const block of written('json')) expect(() => JSON.parse(block.text), placeOf(block)).not.toThrow();
  });

  it('in Python compiles', async () => {
    for (const [index, block] of written('python').entries()) {
      const file = join(folder, `block-${index}.py`);
      writeFileSync(file, block.text);
      const { stderr } = await run('/usr/bin/python3', ['-m', 'py_compile', file]).catch((error) => error);
      expect(stderr, placeOf(block)).toBe('');
    }
  });

  it('of shell commands can be read by Bash, and each command by its program', async () => {
    const faults: string[] = [];
    let own = 0;
    for (const block of written('sh')) {
      const commands = commandsOf(block.text);
      if (commands.length === 0) faults.push(`${placeOf(block)}: no command`);
      for (const command of commands) {
        const fault = await faultOf(command);
        if (fault !== undefined) faults.push(`${placeOf(block)}: ${fault}`);
        if (command.includes('labwire')) own++;
      }
    }
    expect(faults).toEqual([]);
    expect(own).toBeGreaterThan(0);
  });

  it('of output or a query stands on a page whose own test compares or runs it', () => {
    const test = ({ page, language }: Block): string | undefined =>
      (language === 'output' ? OUTPUT_COMPARED_BY : QUERIES_RUN_BY)[page];
    const wrong = written('output', 'influxql').filter((block) => !existsSync(join(project, test(block) ?? 'none')));
    expect(wrong.map(placeOf)).toEqual([]);
  });
});

describe('the checks of the documents', () => {
  it('find a wrong option, a missing script and a missing file in a shell block', async () => {
    const faults = await Promise.all(
      commandsOf(`labwire run --confg x.yaml && npm run nothing
for file in a b; do sudo npx labwire check "--config=$file"; done
cat test/none.test.ts | labwire nothing # labwire comment
`).map(faultOf),
    );
    expect(faults).toHaveLength(6);
    const text = faults.filter(Boolean).join('\n');
    for (const fault of ['--confg', 'labwire nothing', 'no script nothing', 'test/none.test.ts is not there'])
      expect(text).toContain(fault);
    expect(faults.filter(Boolean)).toHaveLength(4);
    expect(() => commandsOf('if true; then')).toThrow(/syntax error/);
  });
});

describe('the pages', () => {
  it('name only commands that there are, and each of them on the page of commands or in README', () => {
    const names = commandNames();
    const named = pages().flatMap((page) =>
      [...textOf(page).matchAll(/`labwire ([a-z]+)[^`]*`/g)].map(([, name = '']) => ({ page, name })),
    );
    expect(named.filter(({ name }) => !names.includes(name))).toEqual([]);
    expect(names.filter((name) => name !== 'help' && !named.some((one) => one.name === name))).toEqual([]);
  });

  it('link to files and headings that are there', () => {
    const broken = pages().flatMap((page) =>
      [...textOf(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(
        ([link, path = '', heading]) => {
          const file = path === '' ? join(project, page) : join(project, dirname(page), path);
          const found = existsSync(file) && (heading === undefined || anchors(file).includes(heading));
          return found ? [] : [`${page}: ${link}`];
        },
      ),
    );
    expect(broken).toEqual([]);
  });
});

function anchors(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** A block marked `continues` is one program with that before it. */
function joined(all: readonly Block[]): Block[] {
  const programs: Block[] = [];
  for (const block of all) {
    const before = block.words.has('continues') ? programs.pop() : undefined;
    programs.push(before ? { ...before, text: before.text + block.text } : block);
  }
  return programs;
}

/** What the package exports, as its sources, by name, relative to a folder in the project. */
function publicPaths(): Record<string, string[]> {
  const { exports } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  const typed = Object.entries<string | { types?: string }>(exports).flatMap(([name, target]) =>
    typeof target === 'object' && target.types !== undefined ? [[name, target.types] as const] : [],
  );
  return Object.fromEntries(
    typed.map(([name, types]) => [
      `labwire${name.slice(1)}`,
      [types.replace('./dist/', '../').replace(/\.d\.ts$/, '.ts')],
    ]),
  );
}

async function yamlFaults({ text: written, page }: Block): Promise<string[]> {
  const schema = /^# yaml-language-server: \$schema=(\S+)$/m.exec(written)?.[1];
  if (schema !== undefined && !existsSync(join(project, 'schema', basename(schema)))) return [`${schema} is not there`];
  // Whoever reads the page has that file.
  const text = written.replaceAll(/\$\{file:[^}]+\}/g, 'secret');
  if (parse(text) === null) return schema === undefined ? ['it says nothing'] : [];
  const [, kind, name = ''] = /^# (models|devices)\.d\/([\w-]+)\.yaml$/m.exec(text) ?? [];
  if (kind === 'models') {
    try {
      parseModel(parse(text), page, name);
      return [];
    } catch (error) {
      return [String(error)];
    }
  }
  const file = join(folder, 'labwire.yaml');
  const devices = kind === 'devices' ? `devices:\n${text.replaceAll(/^/gm, '  ')}` : text;
  writeFileSync(file, devices);
  return readSite(file, await siteParts(file, silentLogger), silentLogger).issues.map(({ message }) => message);
}

function unindented(text: string): string {
  return text.replaceAll(/^[ \t]+/gm, '').trim();
}
