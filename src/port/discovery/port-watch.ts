import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, Listeners, systemClock, type Timer } from '../../base/index.ts';
import { type ListPortsOptions, listPorts } from './discovery.ts';
import { type FolderEvent, folderIdentity, watchFolder } from './folder-watch.ts';
import { BY_ID, BY_PATH } from './linux-ports.ts';
import { isUsable } from './path-watch.ts';
import type { PortInfo } from './port-info.ts';

export interface WatchPortsOptions extends ListPortsOptions {
  readonly clock?: Clock;
}

export interface PortsChange {
  readonly appeared: readonly PortInfo[];
  /** As they were when they were last seen. */
  readonly vanished: readonly PortInfo[];
}

/** A port as it was at one look. */
export interface SeenPort {
  readonly info: PortInfo;
  /** Another one each time when the device was plugged in, also under the same path. */
  readonly plugging: string;
  /** Whether this process may open it. */
  readonly usable: boolean;
}

/**
 * Tells the ports that there are, first all of them as `appeared`, and then each change: the ports that appeared and
 * those that vanished. Both are empty where only something more became known of a port, such as its lasting name, which
 * udev makes a moment after the device.
 *
 * `/dev` is watched, nothing is polled; a change is told within half a second. What cannot be watched (Windows, no
 * inotify instance left) is not told.
 *
 * @returns ends the watch
 */
export function watchPorts(
  listener: (ports: readonly PortInfo[], change: PortsChange) => void,
  options: WatchPortsOptions = {},
): () => void {
  let known: readonly SeenPort[] | undefined;
  return watchSeenPorts((seen) => {
    const before = known ?? [];
    const change = { appeared: notIn(before, seen), vanished: notIn(seen, before) };
    const news = known === undefined || JSON.stringify(infos(seen)) !== JSON.stringify(infos(before));
    known = seen;
    if (news || change.appeared.length > 0) listener(infos(seen), change);
  }, options);
}

const infos = (seen: readonly SeenPort[]): PortInfo[] => seen.map(({ info }) => info);

/** Those of `ports` that are not in `others`. */
function notIn(others: readonly SeenPort[], ports: readonly SeenPort[]): PortInfo[] {
  const present = new Set(others.map(({ plugging }) => plugging));
  return infos(ports.filter(({ plugging }) => !present.has(plugging)));
}

/** Watches that have listeners: one for each root, however many ports wait below it. */
const watches = new Set<DeviceWatch>();

/** Tells the ports there are: soon after the call, and whenever something changed. */
export function watchSeenPorts(
  listener: (seen: readonly SeenPort[]) => void,
  options: WatchPortsOptions = {},
): () => void {
  const own = { root: '/', clock: systemClock, platform: process.platform, ...options };
  const found = [...watches].find((watch) => watch.serves(own));
  const watch = found ?? new DeviceWatch(own);
  watches.add(watch);
  const end = watch.add(listener);
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    end();
    if (watch.idle) watches.delete(watch);
  };
}

/** An event seldom comes alone: a look follows when there was none for so long, … */
const QUIET_MS = 100;
/** … or this long after the first. */
const LONGEST_GATHERING_MS = 400;

type Options = WatchPortsOptions & Required<Pick<WatchPortsOptions, 'root' | 'clock' | 'platform'>>;

class DeviceWatch {
  readonly #options: Options;
  readonly #folders: readonly string[];
  readonly #listeners = new Listeners<[seen: readonly SeenPort[]]>();
  /** By folder. */
  readonly #watched = new Map<string, { readonly identity: string; readonly end: () => void }>();
  /** Nodes that were not allowed to be opened at the last look: only of these a change of permissions is news. */
  readonly #forbidden = new Set<string>();
  #users = 0;
  #gathering: { readonly since: number; readonly timer: Timer } | undefined;
  #looking = false;
  #lookAgain = false;

  constructor(options: Options) {
    this.#options = options;
    // From the outermost on: what is made in one of them while the next is looked for is seen.
    const folders = options.platform === 'win32' ? [] : ['/dev', '/dev/serial', BY_ID, BY_PATH];
    this.#folders = folders.map((folder) => join(options.root, folder));
  }

  serves({ root, platform, clock, binding }: Options): boolean {
    const own = this.#options;
    return own.root === root && own.platform === platform && own.clock === clock && own.binding === binding;
  }

  get idle(): boolean {
    return this.#users === 0;
  }

  add(listener: (seen: readonly SeenPort[]) => void): () => void {
    this.#users++;
    const end = this.#listeners.add(listener);
    this.#arm();
    void this.#look();
    return () => {
      end();
      this.#users--;
      if (this.idle) this.#stop();
    };
  }

  #stop(): void {
    for (const { end } of this.#watched.values()) end();
    this.#watched.clear();
    this.#gathering?.timer.cancel();
    this.#gathering = undefined;
  }

  /** Most of these folders come and go with the adapters. */
  #arm(): void {
    for (const folder of this.#folders) {
      const identity = folderIdentity(folder);
      const present = this.#watched.get(folder);
      if (present?.identity === identity) continue;
      present?.end();
      this.#watched.delete(folder);
      if (identity === undefined) continue;
      const onEvent = (event: FolderEvent, name: string | null): void => this.#onEvent(folder, event, name);
      const end = watchFolder(folder, identity, onEvent, () => this.#watched.delete(folder));
      if (end) this.#watched.set(folder, { identity, end });
    }
  }

  #onEvent(folder: string, event: FolderEvent, name: string | null): void {
    if (event === 'rename') this.#arm();
    else if (name !== null && !this.#isAllowedNow(join(folder, name))) return;
    this.#gather();
  }

  /** Each write to a device is a change as well, and there are many. */
  #isAllowedNow(node: string): boolean {
    return this.#forbidden.has(node) && isUsable(node);
  }

  #gather(): void {
    const { clock } = this.#options;
    const now = clock.monotonic();
    const since = this.#gathering?.since ?? now;
    this.#gathering?.timer.cancel();
    const timer = clock.setTimer(
      () => {
        this.#gathering = undefined;
        void this.#look();
      },
      Math.min(QUIET_MS, since + LONGEST_GATHERING_MS - now),
    );
    this.#gathering = { since, timer };
  }

  async #look(): Promise<void> {
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = true;
    do {
      this.#lookAgain = false;
      // Only the native lists of macOS and Windows can fail: then nothing is told, and whoever waits tries now and then.
      const ports = await listPorts(this.#options).catch(() => undefined);
      if (ports && !this.idle) this.#tell(ports);
    } while (this.#lookAgain && !this.idle);
    this.#looking = false;
  }

  #tell(ports: readonly PortInfo[]): void {
    const seen = ports.flatMap((info) => seePort(info, this.#options) ?? []);
    this.#forbidden.clear();
    for (const { info, usable } of seen) if (!usable) this.#forbidden.add(nodeOf(info, this.#options));
    this.#listeners.tell(seen);
  }
}

/** A look at the node of a listed port; undefined where it is gone by now. */
export function seePort(info: PortInfo, options: ListPortsOptions): SeenPort | undefined {
  if ((options.platform ?? process.platform) === 'win32') return { info, plugging: info.path, usable: true };
  const node = nodeOf(info, options);
  // The node, not what it may lead to, is made anew by each plugging in.
  const status = lstatSync(node, { throwIfNoEntry: false });
  return status && { info, plugging: `${node} ${status.ino} ${status.birthtimeMs}`, usable: isUsable(node) };
}

function nodeOf({ path }: PortInfo, { root = '/' }: ListPortsOptions): string {
  return join(root, path);
}
