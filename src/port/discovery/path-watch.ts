import { accessSync, constants, readlinkSync } from 'node:fs';
import { basename, dirname, relative, resolve, sep } from 'node:path';
import { type FolderEvent, folderIdentity, watchFolder } from './folder-watch.ts';

/** As many links as Linux follows in one path, and more than anyone chains. */
const MOST_LINKS = 40;
/** Folders may come and go while they are looked for; whoever waits tries now and then anyway. */
const MOST_ATTEMPTS = 10;

interface Watched {
  readonly end: () => void;
  /** What in this folder concerns the path. */
  names: ReadonlySet<string>;
}

/**
 * Calls back when `path` becomes usable: it was made, or its permissions were changed so that it may be opened (udev does
 * that a moment after the device is there). Nothing is polled: the folder of the path is watched or, while there is none,
 * the nearest one above it. `/dev/serial`, for one, exists only while an adapter is plugged in. Of a link the folder
 * that it leads to is watched as well: it may stay while its device comes and goes.
 *
 * What cannot be watched (no inotify instance left, a network file system) gives no call, and no error: whoever watches
 * tries now and then anyway.
 *
 * @returns ends the watch
 */
export function watchPath(path: string, appeared: () => void): () => void {
  /** By the identity of the folder. */
  const watched = new Map<string, Watched>();
  let places: readonly string[] = [];
  let usable = isUsable(path);
  let ended = false;

  const onEvent = (identity: string, event: FolderEvent, name: string | null): void => {
    // Each write to any device of the folder is an event in it.
    if (ended || (name !== null && !watched.get(identity)?.names.has(name))) return;
    arm();
    const before = usable;
    usable = isUsable(path);
    // Made again between two looks is new as well; a mere write to the device is not.
    const made = event === 'rename' && (name === null || places.some((place) => basename(place) === name));
    if (usable && (!before || made)) appeared();
  };

  /** Watches the nearest folders there are. Once more if these changed meanwhile: then the event was missed. */
  const arm = (): void => {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      places = linkChain(path);
      const wanted = foldersOf(places);
      for (const [identity, { end }] of watched) {
        if (wanted.has(identity)) continue;
        end();
        watched.delete(identity);
      }
      let changed = false;
      for (const [identity, { folder, names }] of wanted) {
        const present = watched.get(identity);
        if (present) present.names = names;
        else changed = watch(folder, identity, names) || changed;
      }
      if (!changed) return;
    }
  };

  const watch = (folder: string, identity: string, names: ReadonlySet<string>): boolean => {
    const listener = (event: FolderEvent, name: string | null): void => onEvent(identity, event, name);
    const end = watchFolder(folder, identity, listener, () => watched.delete(identity));
    if (end) watched.set(identity, { end, names });
    return end !== undefined;
  };

  arm();
  return () => {
    ended = true;
    for (const { end } of watched.values()) end();
    watched.clear();
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

/** The path and, while that is a link, what it leads to. */
function linkChain(path: string): string[] {
  const chain = [path];
  for (let place = path; chain.length <= MOST_LINKS; chain.push(place)) {
    const target = linkTarget(place);
    if (target === undefined) break;
    place = resolve(dirname(place), target);
  }
  return chain;
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** By identity: the nearest folder of each place, and the names in it that matter. */
function foldersOf(places: readonly string[]): Map<string, { readonly folder: string; readonly names: Set<string> }> {
  const folders = new Map<string, { readonly folder: string; readonly names: Set<string> }>();
  for (const place of places) {
    const nearest = nearestFolder(place);
    if (nearest === undefined) continue;
    const { folder, identity } = nearest;
    // Of its own removal a folder tells by its own name.
    const known = folders.get(identity) ?? { folder, names: new Set([basename(folder)]) };
    known.names.add(relative(folder, place).split(sep)[0] ?? '');
    folders.set(identity, known);
  }
  return folders;
}

function nearestFolder(path: string): { folder: string; identity: string } | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const identity = folderIdentity(folder);
    if (identity !== undefined) return { folder, identity };
    if (folder === dirname(folder)) return undefined;
  }
}
