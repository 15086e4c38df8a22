import { stat } from 'node:fs/promises';
import { toError } from '../../base/index.ts';

/**
 * Changes with every edit of a file, and with its coming and going. Cheap enough to be asked with every request, and a
 * disk that hangs holds up nobody but who waits for it. Never rejects.
 */
export async function fileState(file: string): Promise<string> {
  try {
    const status = await stat(file, { bigint: true });
    return `${status.ino} ${status.size} ${status.mtimeNs} ${status.ctimeNs}`;
  } catch (error) {
    return toError(error).message;
  }
}
