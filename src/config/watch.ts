import { type FSWatcher, realpathSync, watch } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { toError } from '../base/index.ts';
import { devicesFolder } from './source-file.ts';

const QUIET_MS = 200;

/**
 * Calls back once after each burst of edits of the file or of the folders of YAML files beside it, `devices.d` and more.
 * Folders are watched, since an editor puts a new file in the place of the old one, and such a folder may come later.
 *
 * @param onFailure told when the system refuses to watch, so that edits pass unnoticed
 * @param more names of further folders beside the file
 * @returns a function that ends the watching
 */
export function watchConfiguration(
  file: string,
  onEdit: () => void,
  onFailure: (error: Error) => void,
  more: readonly string[] = [],
): () => void {
  const beside = [devicesFolder(resolve(file)), ...more.map((name) => join(dirname(resolve(file)), name))];
  const watchers = new Map<string, FSWatcher | undefined>();
  let quiet: NodeJS.Timeout | undefined;
  const edited = (): void => {
    clearTimeout(quiet);
    quiet = setTimeout(() => {
      watchTarget();
      onEdit();
    }, QUIET_MS);
  };
  let target = resolve(file);
  let targetWatcher: FSWatcher | undefined;
  /** What a link leads to is edited where it lies. */
  const watchTarget = (): void => {
    const leadsTo = realPath(file);
    if (leadsTo === target) return;
    targetWatcher?.close();
    target = leadsTo;
    const onChange = (name: string | null): void => {
      if (name === null || name === basename(leadsTo)) edited();
    };
    targetWatcher = target === resolve(file) ? undefined : watchFolder(dirname(target), onChange, onFailure);
  };
  const watchBeside = (folder: string): void => {
    watchers.get(folder)?.close();
    const watcher = watchFolder(
      folder,
      (name) => {
        if (name === null || (/\.ya?ml$/.test(name) && !name.startsWith('.'))) edited();
      },
      onFailure,
    );
    watchers.set(folder, watcher);
  };
  const main = watchFolder(
    dirname(resolve(file)),
    (name) => {
      const folder = beside.find((candidate) => basename(candidate) === name);
      if (name === null || name === basename(file) || folder !== undefined) edited();
      if (name === null) beside.forEach(watchBeside);
      else if (folder !== undefined) watchBeside(folder);
    },
    onFailure,
  );
  beside.forEach(watchBeside);
  watchTarget();
  return () => {
    clearTimeout(quiet);
    main?.close();
    targetWatcher?.close();
    for (const watcher of watchers.values()) watcher?.close();
  };
}

/** undefined where there is no such folder. */
function watchFolder(
  folder: string,
  onChange: (name: string | null) => void,
  onFailure: (error: Error) => void,
): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => onChange(name));
    // The folder itself is gone; the watching of its parent tells when it is back.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch (error) {
    // It may come later, and the watching of its parent tells then.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onFailure(toError(error));
    return undefined;
  }
}

/** The path itself where nothing is there. */
function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return resolve(file);
  }
}
