import { lstatSync, statSync } from 'node:fs';
import { isUsable, watchPath } from './path-watch.ts';

/**
 * A path that one transport opens, again and again. What takes its place while the connection is open is no event that
 * anyone sees, since every write to a device is an event in its folder and an open path is not watched: so what was
 * opened is remembered, and compared when the watch begins.
 */
export class PathReturn {
  readonly #path: string;
  /** What was there when it was last opened. */
  #opened: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** To be called right before an opening: what takes its place later is another. */
  opening(): void {
    this.#opened = pathIdentity(this.#path);
  }

  /** As `watchPath`; calls soon after where something else that is usable is there already. */
  watch(appeared: () => void): () => void {
    let ended = false;
    const end = watchPath(this.#path, appeared);
    // After the watch has begun: what comes from now on is an event.
    if (this.#isAnother())
      queueMicrotask(() => {
        if (!ended) appeared();
      });
    return () => {
      ended = true;
      end();
    };
  }

  #isAnother(): boolean {
    return this.#opened !== undefined && isUsable(this.#path) && pathIdentity(this.#path) !== this.#opened;
  }
}

/**
 * Another one each time when the path, or what it leads to, was made anew; undefined where there is nothing. A file
 * system may give a number at once to the next file, and may not know when that was made: so the last change counts
 * too, which a write to a device is not.
 */
export function pathIdentity(path: string): string | undefined {
  try {
    const made = [lstatSync(path, { bigint: true }), statSync(path, { bigint: true })];
    return made
      .map(({ dev, ino, rdev, birthtimeNs, ctimeNs }) => `${dev}:${ino}:${rdev} ${birthtimeNs} ${ctimeNs}`)
      .join();
  } catch {
    return undefined;
  }
}
