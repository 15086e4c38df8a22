import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { toError } from '../base/index.ts';

const LARGEST_BYTES = 1_048_576;
const MOST_FILES = 1000;

export type ReadText = { readonly text: string } | { readonly error: string };

/** The text of a configuration file, or in words why there is none. */
export function readText(file: string): ReadText {
  try {
    const status = statSync(file);
    if (!status.isFile()) return { error: 'is no file' };
    if (status.size > LARGEST_BYTES)
      return { error: `has more than ${LARGEST_BYTES} bytes, which is no configuration` };
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)) };
  } catch (error) {
    return { error: inWords(error) };
  }
}

function inWords(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'does not exist; write one, or name another with --config';
  if (code === 'EACCES') return 'cannot be read: permission denied; change its owner or its mode';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'is not UTF-8 text; save it as UTF-8';
  return `cannot be read: ${toError(error).message}`;
}

/** Folder whose files each hold devices by their ids, as the key `devices` of the main file does. */
export function devicesFolder(mainFile: string): string {
  return join(dirname(mainFile), 'devices.d');
}

/** The `*.yaml` files of `devices.d`, in alphabetical order; none where there is no such folder. */
export function deviceFiles(mainFile: string): { files: string[]; error?: string } {
  const folder = devicesFolder(mainFile);
  try {
    // Editors keep their own hidden files beside the edited one.
    const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'));
    if (names.length > MOST_FILES) return { files: [], error: `${folder} holds more than ${MOST_FILES} files` };
    return { files: names.sort().map((name) => join(folder, name)) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { files: [] };
    return { files: [], error: `${folder} cannot be read: ${toError(error).message}` };
  }
}
