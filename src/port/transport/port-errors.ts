import { readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { LabwireError, toError } from '../../base/index.ts';
import { portsThere } from '../discovery/ports-there.ts';
import { portHolder, THIS_PROCESS } from './port-holder.ts';

/** What an error is explained with; the defaults are those of this process. */
export interface ErrorSurroundings {
  /** The root of the file system, for tests. */
  readonly root?: string;
  readonly platform?: NodeJS.Platform;
  readonly user?: string;
  /** The groups that this process has. */
  readonly groups?: readonly number[];
}

/** What the operating system said about an opening of `path`, in words that help the one who plugs cables. */
export async function openingError(
  path: string,
  thrown: unknown,
  surroundings: ErrorSurroundings = {},
): Promise<LabwireError> {
  const cause = toError(thrown);
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  // The binding tells the reason in the message only, as strerror(3) puts it.
  const says = (words: RegExp, ...codes: string[]): boolean => codes.includes(code) || words.test(cause.message);
  if (says(/no such (file|device)|file not found/i, 'ENOENT', 'ENXIO', 'ENODEV')) {
    const there = await portsThere(path, surroundings);
    return new LabwireError(
      'PORT_ABSENT',
      `There is no port ${path}: plug the adapter in, or correct the path; ${there}`,
      {
        cause,
      },
    );
  }
  if (says(/cannot lock|resource busy|temporarily unavailable/i, 'EBUSY')) {
    const holder = (await portHolder(path, surroundings)) ?? 'Another program';
    const remedy =
      holder === THIS_PROCESS ? 'name it once, below `ports:` where devices share it' : 'end it, or stop its service';
    return new LabwireError('PORT_BUSY', `${holder} has the port ${path} open: ${remedy}`, { cause });
  }
  if (says(/permission denied|access denied|operation not permitted/i, 'EACCES', 'EPERM')) {
    const remedy = await permissionRemedy(path, surroundings);
    return new LabwireError('PORT_DENIED', `No permission to open ${path}: ${remedy}`, { cause });
  }
  if (says(/inappropriate ioctl|is a directory|not a typewriter/i, 'ENOTTY', 'EISDIR'))
    return new LabwireError('PORT_FAILED', `${path} is no serial port: correct the path`, { cause });
  const why = cause.message.replace(/^Error: /, '');
  return new LabwireError(
    'PORT_FAILED',
    `The port ${path} cannot be opened with these settings: ${why}; check that it is a serial port and that it can do what \`serial:\` asks`,
    { cause },
  );
}

/** Reading and writing by the group, of a mode of stat(2). */
const GROUP_MAY = 0o060;

/** What to do about a device or socket that this process may not read and write. */
export async function permissionRemedy(
  path: string,
  { root = '/', platform = process.platform, user = ownName(), groups = process.getgroups?.() }: ErrorSurroundings = {},
): Promise<string> {
  if (platform === 'win32') return 'another program may have it open';
  const found = await owningGroup(path, root);
  if (found === undefined || found.name === 'root') return 'run labwire as a user who may read and write it';
  const { name, gid, members, mode } = found;
  if ((mode & GROUP_MAY) !== GROUP_MAY)
    return `it belongs to the group ${name}, which may not read and write it; its mode should be 0660, as a udev rule with MODE="0660" makes it`;
  if (groups?.includes(gid))
    return 'its permissions are right, so something else forbids it: hand the device over where labwire runs in a container (`--device`), or in a systemd unit (`DeviceAllow=`)';
  if (user !== undefined && members.includes(user))
    return `it belongs to the group ${name}, which ${user} has joined, but this process began before that: log out and in again, or restart the service`;
  return `it belongs to the group ${name}; run \`sudo usermod -aG ${name} ${user ?? '$USER'}\`, log out and in again`;
}

interface OwningGroup {
  readonly gid: number;
  /** Its number where it has no name here. */
  readonly name: string;
  readonly members: readonly string[];
  readonly mode: number;
}

/** By group(5). */
async function owningGroup(path: string, root: string): Promise<OwningGroup | undefined> {
  try {
    const { gid, mode } = await stat(path);
    const lines = (await readFile(join(root, 'etc/group'), 'utf8')).split('\n').map((line) => line.split(':'));
    const [name = String(gid), , , members = ''] = lines.find((fields) => fields[2] === String(gid)) ?? [];
    return { gid, name, members: members.split(',').map((member) => member.trim()), mode };
  } catch {
    // The name is a help in a message about another error: without it that message is still right.
    return undefined;
  }
}

function ownName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // A container may run with a number that no user has.
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
