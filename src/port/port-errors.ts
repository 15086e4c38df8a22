import { readFile, stat } from 'node:fs/promises';
import { LabwireError, toError } from '../base/index.ts';

/**
 * What the operating system said about an opening of `path`, in words that help the one who plugs cables.
 *
 * @param groupFile group(5), for tests
 */
export async function openingError(path: string, thrown: unknown, groupFile = '/etc/group'): Promise<LabwireError> {
  const cause = toError(thrown);
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  // The binding tells the reason in the message only, as strerror(3) puts it.
  const says = (words: RegExp, ...codes: string[]): boolean => codes.includes(code) || words.test(cause.message);
  if (says(/no such (file|device)|file not found/i, 'ENOENT', 'ENXIO', 'ENODEV'))
    return new LabwireError(
      'PORT_ABSENT',
      `There is no port ${path}: plug the adapter in, or look for its path with \`labwire ports\``,
      { cause },
    );
  if (says(/cannot lock|resource busy|temporarily unavailable/i, 'EBUSY'))
    return new LabwireError('PORT_BUSY', `Another program has the port ${path} open: end it, or stop its service`, {
      cause,
    });
  if (says(/permission denied|access denied|operation not permitted/i, 'EACCES', 'EPERM'))
    return new LabwireError(
      'PORT_DENIED',
      `No permission to open ${path}: ${await permissionRemedy(path, groupFile)}`,
      { cause },
    );
  return new LabwireError(
    'PORT_FAILED',
    `The port ${path} cannot be opened with these settings: ${cause.message}; check that it is a serial port and that it can do what \`serial:\` asks`,
    { cause },
  );
}

async function permissionRemedy(path: string, groupFile: string): Promise<string> {
  if (process.platform === 'win32') return 'another program may have it open';
  const group = await owningGroup(path, groupFile);
  if (group === undefined || group === 'root') return 'run labwire as a user who may read and write it';
  return `it belongs to the group ${group}; run \`sudo usermod -aG ${group} $USER\`, log out and in again`;
}

async function owningGroup(path: string, groupFile: string): Promise<string | undefined> {
  try {
    const { gid } = await stat(path);
    const line = (await readFile(groupFile, 'utf8')).split('\n').find((entry) => entry.split(':')[2] === String(gid));
    return line?.split(':')[0] ?? String(gid);
  } catch {
    // The name is a help in a message about another error: without it that message is still right.
    return undefined;
  }
}

/** An open connection that ended by itself. What the system calls it (a bad file descriptor) helps nobody. */
export function lostError(name: string, cause: unknown): LabwireError {
  return new LabwireError('PORT_FAILED', `${name} was lost; check cable and power`, { cause });
}

export function closedError(name: string): LabwireError {
  return new LabwireError('PORT_CLOSED', `${name} is not open`);
}
