import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const CLI = resolve(import.meta.dirname, '../../dist/src/cli/main.js');
/** For a test that fails only: the machine may be slow, and have other things to do. */
const LIMIT_MS = 60_000;

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real process, whose output a test waits for. */
export class Running {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  readonly #waiting = new Set<() => void>();
  /** It has ended, and all that it said has been heard. */
  #closed = false;

  constructor(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.child.stdout?.setEncoding('utf8').on('data', (text) => this.#heard('stdout', text));
    this.child.stderr?.setEncoding('utf8').on('data', (text) => this.#heard('stderr', text));
    this.ended = new Promise((resolvePromise) => {
      this.child.once('close', (status) => {
        this.#closed = true;
        resolvePromise({ status, stdout: this.stdout, stderr: this.stderr });
        for (const check of this.#waiting) check();
      });
    });
  }

  /** Resolves with the match once the output has it; the limit is for a test that fails. */
  until(stream: 'stdout' | 'stderr', pattern: RegExp, limitMs = LIMIT_MS): Promise<RegExpExecArray> {
    return new Promise((resolvePromise, reject) => {
      const give = (error?: Error): void => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        if (error) reject(error);
      };
      const check = (): void => {
        const match = pattern.exec(this[stream]);
        if (match) {
          give();
          resolvePromise(match);
        } else if (this.#closed) give(new Error(`Ended without ${pattern}: ${this.stdout}${this.stderr}`));
      };
      const timer = setTimeout(
        () => give(new Error(`Not within ${limitMs} ms: ${pattern} in ${this.stdout}${this.stderr}`)),
        limitMs,
      );
      this.#waiting.add(check);
      check();
    });
  }

  /** Sends a signal; resolves with how it ended and how long that took. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended & { milliseconds: number }> {
    const begin = performance.now();
    this.child.kill(signal);
    const ended = await this.ended;
    return { ...ended, milliseconds: performance.now() - begin };
  }

  #heard(stream: 'stdout' | 'stderr', text: string): void {
    this[stream] += text;
    for (const check of this.#waiting) check();
  }
}

/** The built command line, as a user runs it. */
export function labwire(...args: string[]): Running {
  return new Running(process.execPath, [CLI, ...args], { env: { ...process.env, NO_COLOR: '1' } });
}

/** A folder of its own for one test. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'labwire-e2e-'));

  file(name: string): string {
    return join(this.path, name);
  }

  write(name: string, content: string): string {
    writeFileSync(this.file(name), content);
    return this.file(name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Polls a condition; the limit is for a test that fails. */
export async function eventually(condition: () => boolean | Promise<boolean>, limitMs = LIMIT_MS): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Not within ${limitMs} ms: ${condition}`);
    await new Promise((resolvePromise) => setTimeout(resolvePromise, 50));
  }
}
