import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { devicesFolder } from './source-file.ts';

const QUIET_MS = 200;

/**
 * Calls back once after each burst of edits of the file or of `devices.d` beside it. Folders are watched, since an editor
 * puts a new file in the place of the old one, and the folder `devices.d` may come later.
 *
 * @returns a function that ends the watching
 */
export function watchConfiguration(file: string, onEdit: () => void): () => void {
  const folder = devicesFolder(resolve(file));
  const names = [basename(file), basename(folder)];
  let quiet: NodeJS.Timeout | undefined;
  let devices: FSWatcher | undefined;
  const edited = (): void => {
    clearTimeout(quiet);
    quiet = setTimeout(onEdit, QUIET_MS);
  };
  const watchDevices = (): void => {
    devices?.close();
    devices = watchFolder(folder, (name) => {
      if (name === null || (/\.ya?ml$/.test(name) && !name.startsWith('.'))) edited();
    });
  };
  const main = watchFolder(dirname(resolve(file)), (name) => {
    if (name === null || names.includes(name)) edited();
    if (name === null || name === basename(folder)) watchDevices();
  });
  watchDevices();
  return () => {
    clearTimeout(quiet);
    main?.close();
    devices?.close();
  };
}

/** undefined where there is no such folder. */
function watchFolder(folder: string, onChange: (name: string | null) => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => onChange(name));
    // The folder itself is gone; the watching of its parent tells when it is back.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
