import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgram } from '../../src/cli/program.ts';
import { project } from './document-blocks.ts';

/** For a text that hangs only. */
const LIMIT_MS = 60_000;

/**
 * The command lines of a shell text with all its words, as Bash itself reads them: none of them is run. A command is
 * found nowhere, and Bash then hands it to a function of ours.
 * The sides of a pipe write at once, so each writes all of its words in one go.
 */
export function commandsOf(text: string): string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'labwire-shell-'));
  const log = join(folder, 'log');
  const prelude = `PATH=/nowhere
command_not_found_handle() { printf '%s\\0' "$@" $'\\n' >> ${log}; }
cd() { :; }
kill() { :; }
source() { :; }
`;
  try {
    // Not even the lines above are run of a text that Bash cannot read.
    const read = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8', timeout: LIMIT_MS });
    if (read.status !== 0) throw new Error(read.stderr);
    spawnSync('bash', ['--noprofile', '--norc', '-c', prelude + text], {
      cwd: folder,
      stdio: 'ignore',
      timeout: LIMIT_MS,
      env: { HOME: folder, BASH_ENV: '' },
    });
    if (!existsSync(log)) return [];
    const commands: string[][] = [[]];
    for (const word of readFileSync(log, 'utf8').split('\0').slice(0, -1)) {
      if (word === '\n') commands.push([]);
      else commands.at(-1)?.push(word);
    }
    return commands.slice(0, -1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const scripts: Record<string, string> = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).scripts;
const OWN_FOLDERS = /^(?:\.\/)?(?:docs|src|test|bench|scripts|deploy|devices|drivers|mocks|schema|\.ci)\/[\w./-]+$/;

/** What is wrong with a command line, as far as that can be told without running it; undefined if nothing is. */
export async function faultOf(words: readonly string[]): Promise<string | undefined> {
  const [program = '', ...args] = withoutPrefix(words);
  if (program === 'npm') return npmFault(args);
  const missing = words.find((word) => OWN_FOLDERS.test(word) && !existsSync(join(project, word)));
  if (missing !== undefined) return `${missing} is not there`;
  if (program === 'labwire') return labwireFault(args);
  return undefined;
}

/** What is run in the end: without `sudo`, `npx`, `timeout 5` and the like. */
function withoutPrefix(words: readonly string[]): readonly string[] {
  const [first = '', second = '', ...rest] = words;
  if (first === 'sudo' && second === '-u') return withoutPrefix(rest.slice(1));
  if (first === 'timeout') return withoutPrefix(rest);
  if (first === 'sudo' || first === 'npx' || first === 'exec') return withoutPrefix(words.slice(1));
  if (first === 'env' && /^\w+=/.test(second)) return withoutPrefix([first, ...rest]);
  if (first === 'env') return withoutPrefix(words.slice(1));
  if (first === 'node' && second === 'dist/src/cli/main.js') return ['labwire', ...rest];
  return words;
}

function npmFault([command = '', ...args]: readonly string[]): string | undefined {
  if (['ci', 'install', 'pack', 'prefix'].includes(command)) return undefined;
  const name = ['test', 'start'].includes(command) ? command : args.find((word) => !word.startsWith('-'));
  if (!['test', 'start', 'run'].includes(command) || name === undefined) return `npm ${command} is not known here`;
  return name in scripts ? undefined : `package.json has no script ${name}`;
}

/** By the command line's own parser, which then runs nothing. */
async function labwireFault(args: readonly string[]): Promise<string | undefined> {
  let complaint = '';
  const io = {
    print: () => {},
    complain: (text: string) => {
      complaint += text;
    },
    env: {},
    terminal: false,
    untilStopped: async () => {},
  };
  const program = createProgram(io, () => {});
  const idle = (command: typeof program): void => {
    if (command.commands.length === 0) command.action(() => {});
    for (const child of command.commands) idle(child);
  };
  idle(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    const isHelp = error instanceof Error && 'exitCode' in error && error.exitCode === 0;
    return isHelp ? undefined : `labwire ${args.join(' ')}: ${complaint}${String(error)}`;
  }
  return undefined;
}

/** The names of all commands of the command line. */
export function commandNames(): string[] {
  const io = { print: () => {}, complain: () => {}, env: {}, terminal: false, untilStopped: async () => {} };
  return createProgram(io, () => {}).commands.map((command) => command.name());
}
