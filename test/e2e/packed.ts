import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const project = resolve(import.meta.dirname, '../..');
const SOURCES = [
  'src',
  'drivers',
  'mocks',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'README.md',
  'LICENSE',
];

export interface Packed {
  /** Holds the package's file, and nothing else but what a test puts there. */
  readonly folder: string;
  readonly file: string;
  remove(): void;
}

/** The package as `npm pack` makes it of the sources, without what earlier builds left behind. */
export async function pack(): Promise<Packed> {
  const folder = mkdtempSync(join(tmpdir(), 'labwire-packed-'));
  const copy = mkdtempSync(join(tmpdir(), 'labwire-sources-'));
  try {
    const { files } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { files: string[] };
    for (const name of [...SOURCES, ...files]) {
      if (name !== 'dist' && existsSync(join(project, name)))
        cpSync(join(project, name), join(copy, name), { recursive: true });
    }
    symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'));
    await promisify(execFile)('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: copy });
    const [name = ''] = readdirSync(folder);
    return { folder, file: join(folder, name), remove: () => rmSync(folder, { recursive: true, force: true }) };
  } finally {
    rmSync(copy, { recursive: true });
  }
}
