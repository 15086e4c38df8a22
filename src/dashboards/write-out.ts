import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LabwireError, toError } from '../base/index.ts';

/** What became of each file, by its path within the folder. */
export interface WrittenOut {
  readonly written: readonly string[];
  readonly unchanged: readonly string[];
  /** Somebody made or changed them: they are left alone. */
  readonly kept: readonly string[];
  /** Written some time before, and no longer among the files: left alone too. */
  readonly former: readonly string[];
}

/** Tells what was written by whom: a digest for each file. */
const BOOK = 'labwire-files.json';

/**
 * Writes files into a folder, and replaces only those that are still as it wrote them before.
 *
 * @param files by their paths with `/`
 * @throws LabwireError USAGE where the folder cannot be written
 */
export async function writeOut(folder: string, files: ReadonlyMap<string, string>): Promise<WrittenOut> {
  try {
    const book = await readBook(folder);
    const result = { written: [] as string[], unchanged: [] as string[], kept: [] as string[] };
    for (const [path, text] of files) {
      const there = await contentOf(join(folder, path));
      const own = there === undefined || book.get(path) === digest(there) || there === text;
      if (!own) result.kept.push(path);
      else if (there === text) result.unchanged.push(path);
      else {
        await replace(join(folder, path), text);
        result.written.push(path);
      }
      if (own) book.set(path, digest(text));
    }
    const former: string[] = [];
    for (const path of [...book.keys()].filter((path) => !files.has(path)).sort())
      if ((await contentOf(join(folder, path))) === undefined) book.delete(path);
      else former.push(path);
    await replace(join(folder, BOOK), bookText(book));
    return { ...result, former };
  } catch (error) {
    if (error instanceof LabwireError) throw error;
    throw new LabwireError('USAGE', `${folder} cannot be written: ${toError(error).message}`, { cause: error });
  }
}

async function readBook(folder: string): Promise<Map<string, string>> {
  const path = join(folder, BOOK);
  const text = await contentOf(path);
  if (text === undefined) return new Map();
  try {
    const { files } = JSON.parse(text) as { files: Record<string, unknown> };
    return new Map(Object.entries(files).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch (error) {
    const text = `${path} is damaged, so that nobody knows which files are labwire's; remove the folder or the file`;
    throw new LabwireError('USAGE', text, { cause: error });
  }
}

function bookText(book: ReadonlyMap<string, string>): string {
  const note =
    'Files that `labwire grafana` wrote, with their SHA-256: it replaces those that are still as it wrote them.';
  const files = Object.fromEntries([...book].sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ note, files }, null, 2)}\n`;
}

/** Undefined where there is no such file. */
async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** In one step: Grafana looks at the folder at any time. */
async function replace(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const next = `${path}.next`;
  await writeFile(next, text);
  await rename(next, path);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
