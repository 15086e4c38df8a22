import { accessSync, constants } from 'node:fs';
import { basename, dirname, relative, sep } from 'node:path';
import { type FolderEvent, folderIdentity, watchFolder } from './folder-watch.ts';

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
  let endWatch: (() => void) | undefined;
  let watched: { readonly identity: string; readonly concerns: (name: string) => boolean } | undefined;
  let usable = isUsable(path);
  let ended = false;

  const disarm = (): void => {
    endWatch?.();
    endWatch = undefined;
    watched = undefined;
  };

  const onEvent = (event: FolderEvent, name: string | null): void => {
    // Each write to any device of the folder is an event in it.
    if (ended || (name !== null && !watched?.concerns(name))) return;
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
      const nearest = nearestFolder(path);
      if (watched !== undefined && watched.identity === nearest?.identity) return;
      disarm();
      if (nearest === undefined) return;
      endWatch = watchFolder(nearest.folder, nearest.identity, onEvent, disarm);
      if (!endWatch) return;
      // Of its own removal a folder tells by its own name.
      const names = [basename(nearest.folder), relative(nearest.folder, path).split(sep)[0]];
      watched = { identity: nearest.identity, concerns: (name) => names.includes(name) };
    }
  };

  arm();
  return () => {
    ended = true;
    disarm();
  };
}

/** Whether there is something that this process may read and write. */
export function isUsable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function nearestFolder(path: string): { folder: string; identity: string } | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const identity = folderIdentity(folder);
    if (identity !== undefined) return { folder, identity };
    if (folder === dirname(folder)) return undefined;
  }
}
