import { realpathSync } from 'node:fs';

/** A lasting name in `/dev/serial/by-id` is a link; what is not plugged in leads nowhere, and its name must do. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
