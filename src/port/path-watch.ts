import { accessSync, constants, type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * Calls back when `path` becomes usable: it was made, or its permissions were changed so that it may be opened (udev does
 * that a moment after the device is there). Nothing is polled: the folder of the path is watched or, while there is none,
 * the nearest one above it. `/dev/serial`, for one, exists only while an adapter is plugged in.
 *
 * What cannot be watched (no inotify instance left, a network file system) gives no call, and no error: whoever watches
 * tries now and then anyway.
 *
 * @returns ends the watch
 */
export function watchPath(path: string, appeared: () => void): () => void {
  let watcher: FSWatcher | undefined;
  let watched: string | undefined;
  let usable = isUsable(path);
  let ended = false;

  const disarm = (): void => {
    watcher?.close();
    watcher = undefined;
    watched = undefined;
  };

  const onEvent = (event: string, name: string | null): void => {
    if (ended) return;
    arm();
    const before = usable;
    usable = isUsable(path);
    // Made again between two looks is new as well; a mere write to the device is not.
    const made = event === 'rename' && (name === null || name === basename(path));
    if (usable && (!before || made)) appeared();
  };

  /** Watches the nearest folder there is. Once more if that changed meanwhile: then the event was missed. */
  const arm = (): void => {
    for (let attempt = 0; attempt < 10; attempt++) {
      const folder = nearestFolder(path);
      const identity = folder && identityOf(folder);
      if (watched !== undefined && watched === identity) return;
      disarm();
      if (folder === undefined) return;
      try {
        watcher = watch(folder, { persistent: false }, onEvent);
        watcher.on('error', disarm);
        watched = identity;
      } catch {
        return;
      }
    }
  };

  arm();
  return () => {
    ended = true;
    disarm();
  };
}

function isUsable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function nearestFolder(path: string): string | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/** A folder that was removed and made again has the same path, but the watch is on the old one. */
function identityOf(folder: string): string | undefined {
  const status = statSync(folder, { throwIfNoEntry: false });
  return status && `${folder} ${status.dev}:${status.ino}`;
}
