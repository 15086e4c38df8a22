import { statSync } from 'node:fs';
import { toError } from '../../base/index.ts';

/** Changes with every edit of a file, and with its coming and going. Cheap enough to be asked with every request. */
export function fileState(file: string): string {
  try {
    const status = statSync(file, { bigint: true, throwIfNoEntry: false });
    return status ? `${status.ino} ${status.size} ${status.mtimeNs} ${status.ctimeNs}` : 'absent';
  } catch (error) {
    return toError(error).message;
  }
}
