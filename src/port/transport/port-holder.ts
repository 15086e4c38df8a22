import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Folders and links of /proc that are read at most for one answer: about a tenth of a second. */
const LOOK_LIMIT = 4_000;
const NAME_LENGTH = 40;
/** The command line of labwire, by its link or by its file. */
const OWN_COMMAND = /(?:\/labwire|dist\/src\/cli\/main\.js)$/;

/** What `portHolder` says of this process. */
export const THIS_PROCESS = 'This process itself, for another device or port of its own,';

/**
 * Which program has a port open, for the start of a sentence: `minicom (process 812)`. Linux tells it for processes that
 * this user may look at; undefined where nobody tells.
 *
 * @param options.root the root of the file system that `proc` is in, for tests
 */
export async function portHolder(
  path: string,
  { root = '/', platform = process.platform }: { readonly root?: string; readonly platform?: NodeJS.Platform } = {},
): Promise<string | undefined> {
  if (platform !== 'linux') return undefined;
  const proc = join(root, 'proc');
  try {
    const pid = (await lockHolder(proc, path)) ?? (await opener(proc, path));
    if (pid === undefined) return undefined;
    if (pid === String(process.pid)) return THIS_PROCESS;
    return `${await commandOf(proc, pid)} (process ${pid})`;
  } catch {
    // It is a help in a message about another error: without it that message is still right.
    return undefined;
  }
}

/**
 * Who has a lock of flock(2) on it, as a program that wants it alone has. proc(5): `1: FLOCK  ADVISORY  WRITE 812
 * 00:18:5 0 EOF`, the device in hexadecimal, the inode in decimal.
 */
async function lockHolder(proc: string, path: string): Promise<string | undefined> {
  const { dev, ino } = await stat(path);
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
  const hex = (number: number): string => number.toString(16).padStart(2, '0');
  const identity = `${hex(major)}:${hex(minor)}:${ino}`;
  const locks = await readFile(join(proc, 'locks'), 'utf8').catch(() => '');
  const fields = locks.split('\n').map((line) => line.trim().split(/\s+/));
  return fields.find((field) => field[1] === 'FLOCK' && field[5] === identity && Number(field[4]) > 0)?.[4];
}

/** Who has it open without a lock. */
async function opener(proc: string, path: string): Promise<string | undefined> {
  const device = await realpath(path);
  let looks = 0;
  for (const pid of await readdir(proc)) {
    if (!/^\d+$/.test(pid)) continue;
    if (++looks > LOOK_LIMIT) return undefined;
    const folder = join(proc, pid, 'fd');
    for (const fd of await readdir(folder).catch(() => [])) {
      if (++looks > LOOK_LIMIT) return undefined;
      if ((await readlink(join(folder, fd)).catch(() => undefined)) === device) return pid;
    }
  }
  return undefined;
}

/** Programs that a script's name says more of. */
const INTERPRETER = /^(?:node|MainThread|python[\d.]*)$/;

/** Its name only: a command line may hold a password. */
async function commandOf(proc: string, pid: string): Promise<string> {
  const name = await readFile(join(proc, pid, 'comm'), 'utf8').catch(() => '');
  const script = INTERPRETER.test(name.trim()) ? await scriptOf(proc, pid) : undefined;
  return (script ?? name.trim()).slice(0, NAME_LENGTH) || 'A program';
}

/** The name of what an interpreter runs; undefined where that is no file. */
async function scriptOf(proc: string, pid: string): Promise<string | undefined> {
  const [, script = ''] = (await readFile(join(proc, pid, 'cmdline'), 'utf8').catch(() => '')).split('\0');
  if (OWN_COMMAND.test(script)) return 'Another labwire';
  return script === '' || script.startsWith('-') ? undefined : basename(script);
}
