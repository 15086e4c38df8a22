import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Binds a datagram socket, as systemd does, and prints each datagram as JSON. */
const PROGRAM = `
import json, socket, sys, time
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
address = sys.argv[1]
receiver.bind('\\0' + address[1:] if address.startswith('@') else address)
print('bound', flush=True)
while True:
    text = receiver.recv(65536).decode()
    print(json.dumps({'text': text, 'at': time.monotonic() * 1000}), flush=True)
`;

export interface Notice {
  readonly text: string;
  /** ms of a monotonic clock of the receiver. */
  readonly at: number;
}

/** A service manager's end of sd_notify(3), in a process of its own. */
export class NotifyReceiver {
  readonly address: string;
  readonly notices: Notice[] = [];
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();

  private constructor(folder: string, address: string) {
    this.#folder = folder;
    this.address = address;
    this.#child = spawn('/usr/bin/python3', ['-c', PROGRAM, address], { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  /** @param abstract at an address of the abstract name space instead of a path */
  static async start({ abstract = false }: { readonly abstract?: boolean } = {}): Promise<NotifyReceiver> {
    const folder = mkdtempSync(join(tmpdir(), 'labwire-notify-'));
    const receiver = new NotifyReceiver(folder, abstract ? `@${folder}` : join(folder, 'socket'));
    await receiver.#bound();
    return receiver;
  }

  async #bound(): Promise<void> {
    const output = this.#child.stdout;
    if (!output) throw new Error('no output');
    let rest = '';
    const bound = once(output, 'data');
    output.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== 'bound') this.notices.push(JSON.parse(line));
      for (const check of this.#waiting) check();
    });
    await Promise.race([
      bound,
      once(this.#child, 'exit').then(() => Promise.reject(new Error('the receiver of notices has ended'))),
    ]);
  }

  get texts(): string[] {
    return this.notices.map(({ text }) => text);
  }

  /** Resolves when the condition holds; the limit is for a test that fails. */
  until(condition: (notices: readonly Notice[]) => boolean, limitMs = 40_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!condition(this.notices)) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`Not within ${limitMs} ms; received: ${JSON.stringify(this.notices)}`));
      }, limitMs);
      this.#waiting.add(check);
      check();
    });
  }

  /** Lets datagrams pile up until the socket has no more room. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
