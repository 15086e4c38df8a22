import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A network of its own, with nothing but a loopback interface: every port is free in it. */
export class Network {
  readonly #holder: ChildProcess;
  /** Put before a command to run it there. */
  readonly prefix: readonly string[];

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
    const user = isRoot() ? [] : ['--user', '--preserve-credentials'];
    this.prefix = ['nsenter', '--target', String(holder.pid), '--net', ...user, '--'];
  }

  /** @throws Error where the system lets nobody have one */
  static async open(): Promise<Network> {
    const script = 'PATH="$PATH:/usr/sbin:/sbin"; ip link set lo up && echo up && exec sleep infinity';
    const options = isRoot() ? ['--net'] : ['--net', '--user', '--map-root-user'];
    const holder = spawn('unshare', [...options, 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    let complaint = '';
    holder.stderr.on('data', (text) => {
      complaint += text;
    });
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once('data', () => resolve());
      holder.once('exit', () => reject(new Error(`There is no network of one's own here: ${complaint}`)));
      holder.once('error', reject);
    });
    return new Network(holder);
  }

  close(): void {
    this.#holder.kill('SIGKILL');
  }
}

const isRoot = (): boolean => process.getuid?.() === 0;

/** The programs that a page counts on and that a machine for tests may lack, as a folder for PATH. */
export function standIns(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'labwire-sudo-'));
  // Root needs none, and a container has none.
  if (isRoot()) writeFileSync(join(folder, 'sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}

/** What a terminal shows, as plain lines. */
export function plain(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours and movements of the cursor begin with it.
      .replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
      .replaceAll('\r', '')
      // What npx turns while it starts.
      .replaceAll(/[\u2800-\u28ff]/g, '')
  );
}

/** A pattern of what a page shows: `…` stands for anything within a line, and alone for any lines. */
export function shown(text: string): RegExp {
  const lines = text.trimEnd().split('\n');
  const patterns = lines.map((line) =>
    line.trim() === '…' ? '[^]*?' : `[ \\t]*${line.split('…').map(escaped).join('[^\\n]*')}[ \\t]*`,
  );
  return new RegExp(`(?:^|\\n)${patterns.join('\\n')}(?=\\n|$)`);
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** A command on a terminal of its own, which is ended as Ctrl-C ends it. */
export class Terminal {
  readonly #child: ChildProcess;
  #text = '';
  readonly #ended: Promise<void>;

  constructor(command: string, options: { cwd: string; env: NodeJS.ProcessEnv; prefix: readonly string[] }) {
    const [program = '', ...args] = [
      ...options.prefix,
      'script',
      '--quiet',
      '--flush',
      '--return',
      '--command',
      command,
    ];
    // Its input is the terminal's keyboard.
    this.#child = spawn(program, [...args, '/dev/null'], {
      cwd: options.cwd,
      env: { ...options.env, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.#text += text;
    });
    // Who presses a key after the command has ended presses it in vain.
    this.#child.stdin?.on('error', () => {});
    this.#ended = new Promise((resolve) => this.#child.once('exit', () => resolve()));
  }

  /** All that came, with colours and movements of the cursor. */
  get raw(): string {
    return this.#text;
  }

  /** What it shows, as plain lines. */
  get text(): string {
    return plain(this.#text);
  }

  /** Presses Ctrl-C, and waits until the command is over. */
  async interrupt(): Promise<void> {
    this.#child.stdin?.write('\u0003');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#ended;
    clearTimeout(timer);
  }
}

/** Runs lines as they stand on a page, in one shell, and gives what they print. */
export async function runShell(
  text: string,
  options: { cwd: string; env: NodeJS.ProcessEnv; prefix?: readonly string[]; timeout: number },
): Promise<string> {
  const [program = '', ...args] = [...(options.prefix ?? []), 'bash', '-e', '-c', text];
  const { stdout } = await promisify(execFile)(program, args, { ...options, maxBuffer: 2 ** 26 });
  return stdout;
}
