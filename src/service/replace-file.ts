import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Puts a file for its owner's eyes only in the place of the old one; makes its folder. It is written beside it, synced, and
 * renamed, so that a reader finds, and a power cut leaves, the old or the new one; once this resolves, the new one. Of one
 * file one at a time.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const fresh = join(folder, `.${basename(path)}.new`);
  try {
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => {});
    throw error;
  }
}

/** A new name is on the disk only when its folder is; not every system lets a folder be synced. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const opened = await open(folder, 'r');
    await opened.sync().finally(() => opened.close());
  } catch {
    // The file itself is whole, and will be there.
  }
}
