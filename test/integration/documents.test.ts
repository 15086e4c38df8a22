import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { silentLogger } from '../../src/base/index.ts';
import { siteParts } from '../../src/cli/package.ts';
import { readSite } from '../../src/cli/site.ts';
import { parseModel } from '../../src/instrument/index.ts';

const root = resolve(import.meta.dirname, '../..');
const blocks = (document: string, language: string): string[] =>
  [...readFileSync(join(root, document), 'utf8').matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, code = '']) => code,
  );

// Within the project, so that `labwire` in a program means this package.
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(root, '.cache-documents-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the code of README and CONTRIBUTING', () => {
  it('in TypeScript is right in all its types', { timeout: 60_000 }, async () => {
    const programs = [...blocks('README.md', 'ts'), ...blocks('CONTRIBUTING.md', 'ts')];
    expect(programs).toHaveLength(3);
    for (const [index, program] of programs.entries()) writeFileSync(join(folder, `${index}.ts`), program);
    const paths = {
      labwire: ['../src/index.ts'],
      'labwire/drivers': ['../drivers/index.ts'],
      'labwire/mocks': ['../mocks/index.ts'],
    };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../tsconfig.json', compilerOptions: { paths }, include: ['*.ts'] }),
    );
    const { stdout } = await promisify(execFile)('npx', ['tsc', '-p', folder], { cwd: root }).catch((error) => error);
    expect(stdout).toBe('');
  });

  it('in YAML is a configuration without a mistake', async () => {
    const configurations = blocks('README.md', 'yaml');
    expect(configurations).toHaveLength(3);
    const file = join(folder, 'labwire.yaml');
    vi.stubEnv('MQTT_PASSWORD', 'as the page has it from the environment');
    for (const configuration of configurations) {
      writeFileSync(file, configuration);
      expect(readSite(file, await siteParts(file, silentLogger), silentLogger).issues).toEqual([]);
    }
  });

  it('in YAML is a catalogue entry, and in JavaScript a driver that loads', async () => {
    const model = blocks('CONTRIBUTING.md', 'yaml').find((block) => block.startsWith('# models.d/')) ?? '';
    expect(parseModel(parse(model), 'CONTRIBUTING.md', 'ambient')).toMatchObject({ id: 'ambient', driver: 'line' });
    const [driver = ''] = blocks('CONTRIBUTING.md', 'js');
    const { loadUserDrivers } = await import('../../src/cli/user-parts.ts');
    writeFileSync(join(folder, 'chiller.js'), driver.replace("'labwire'", `'${root}/src/index.ts'`));
    expect(Object.keys(await loadUserDrivers(folder, silentLogger, false))).toEqual(['chiller']);
  });
});
