import { type FSWatcher, statSync, watch } from 'node:fs';
import { Listeners } from '../../base/index.ts';

/** As `fs.watch` tells: `rename` is made or removed, `change` is written to or changed in its permissions. */
export type FolderEvent = 'rename' | 'change';

interface Watched {
  readonly watcher: FSWatcher;
  readonly events: Listeners<[event: FolderEvent, name: string | null]>;
  readonly broken: Listeners<[]>;
  users: number;
}

/** By identity. However many ports wait in one folder, the process has one watch of it. */
const watchers = new Map<string, Watched>();

/**
 * Watches a folder until it is removed or the returned function is called. A watch does not keep the process alive.
 *
 * @param identity of `folderIdentity`
 * @param broken called when the system gives the watch up
 * @returns undefined where the folder cannot be watched: no inotify instance left, a network file system
 */
export function watchFolder(
  folder: string,
  identity: string,
  listener: (event: FolderEvent, name: string | null) => void,
  broken: () => void,
): (() => void) | undefined {
  const watched = watchers.get(identity) ?? startWatching(folder, identity);
  if (!watched) return undefined;
  watched.users++;
  const endEvents = watched.events.add(listener);
  const endBroken = watched.broken.add(broken);
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    endEvents();
    endBroken();
    watched.users--;
    if (watched.users === 0) stopWatching(identity, watched);
  };
}

/** Watches that the process has at the moment. */
export function watchedFolders(): number {
  return watchers.size;
}

/** A folder that was removed and made again has the same path, often the same inode, but a watch is on the old one. */
export function folderIdentity(folder: string): string | undefined {
  const status = statSync(folder, { throwIfNoEntry: false });
  return status?.isDirectory() ? `${folder} ${status.dev}:${status.ino} ${status.birthtimeMs}` : undefined;
}

function startWatching(folder: string, identity: string): Watched | undefined {
  const events: Watched['events'] = new Listeners();
  const broken: Watched['broken'] = new Listeners();
  try {
    const watcher = watch(folder, { persistent: false }, (event, name) => events.tell(event, name));
    const watched = { watcher, events, broken, users: 0 };
    watcher.on('error', () => {
      stopWatching(identity, watched);
      broken.tell();
    });
    watchers.set(identity, watched);
    return watched;
  } catch {
    return undefined;
  }
}

function stopWatching(identity: string, watched: Watched): void {
  watched.watcher.close();
  if (watchers.get(identity) === watched) watchers.delete(identity);
}
