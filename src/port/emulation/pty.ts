import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { ReadStream } from 'node:tty';
import { LabwireError } from '../../base/index.ts';
import { makeRaw, openMaster } from './pty-calls.ts';

export interface PtyOptions {
  /** Path of a symbolic link to the slave, made atomically and removed by `close()`. */
  readonly link?: string;
}

/** Bytes held for a reader that is slower than the writer; what comes beyond is dropped and counted. */
const PENDING_LIMIT = 64 * 1024;
const RETRY_FIRST_MS = 1;
const RETRY_LONGEST_MS = 64;

/**
 * A real pseudo-terminal, held from the instrument's side: another program, or the gateway itself, opens `path` as it
 * opens a serial port. To close it is to pull the plug.
 *
 * The slave is kept open here as well, since a master without an open slave reads EIO: whoever uses `path` may close and
 * open it as often as he likes.
 */
export class Pty {
  /** The slave, or the link to it. */
  readonly path: string;
  readonly #slavePath: string;
  readonly #link: string | undefined;
  readonly #master: number;
  readonly #slave: number;
  readonly #stream: ReadStream;
  readonly #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = RETRY_FIRST_MS;
  #dropped = 0;
  #closed = false;

  private constructor(master: number, slave: number, slavePath: string, link: string | undefined) {
    this.#master = master;
    this.#slave = slave;
    this.#slavePath = slavePath;
    this.#link = link;
    this.path = link ?? slavePath;
    this.#stream = new ReadStream(master);
    // An error of the master is the end of the line, and the one who has the slave open sees it as a hang-up.
    this.#stream.on('error', () => this.close());
  }

  /** Whether this system gives pseudo-terminals. */
  static available(): boolean {
    try {
      closeSync(openMaster().master);
      return true;
    } catch (error) {
      if (error instanceof LabwireError && error.code === 'PTY_UNAVAILABLE') return false;
      throw error;
    }
  }

  /** @throws LabwireError PTY_UNAVAILABLE, or PORT_FAILED when the link cannot be made */
  static open(options: PtyOptions = {}): Pty {
    const { master, slavePath } = openMaster();
    let slave: number | undefined;
    try {
      slave = openSync(slavePath, constants.O_RDWR | constants.O_NOCTTY);
      makeRaw(slave);
      if (options.link !== undefined) makeLink(slavePath, options.link);
      return new Pty(master, slave, slavePath, options.link);
    } catch (error) {
      if (slave !== undefined) closeSync(slave);
      closeSync(master);
      throw error;
    }
  }

  /** Bytes that were written while nobody read, beyond what is held for a slow reader. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Calls back for what the other side sends. */
  onData(listener: (bytes: Buffer) => void): void {
    this.#stream.on('data', listener);
  }

  /** Sends, without ever blocking. After `close()` it does nothing, as an instrument that is unplugged. */
  write(bytes: Uint8Array): void {
    if (this.#closed) return;
    const written = this.#pending.length === 0 ? this.#writeNow(bytes) : 0;
    if (written === bytes.length) return;
    const rest = bytes.length - written;
    if (this.#pendingBytes + rest > PENDING_LIMIT) {
      this.#dropped += rest;
      return;
    }
    this.#pending.push(Uint8Array.from(bytes.subarray(written)));
    this.#pendingBytes += rest;
    this.#retryLater();
  }

  /** Unplugs: who has the port open sees a hang-up. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#pending.length = 0;
    closeSync(this.#slave);
    this.#stream.destroy();
    if (this.#link !== undefined) removeLink(this.#slavePath, this.#link);
  }

  #writeNow(bytes: Uint8Array): number {
    try {
      return writeSync(this.#master, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
  }

  // node:fs cannot wait until a master is writable; a reader that reads is found again within milliseconds.
  #retryLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#writePending();
    }, this.#retryMs);
  }

  #writePending(): void {
    for (let first = this.#pending[0]; first; first = this.#pending[0]) {
      const written = this.#writeNow(first);
      this.#pendingBytes -= written;
      this.#retryMs = written > 0 ? RETRY_FIRST_MS : Math.min(this.#retryMs * 2, RETRY_LONGEST_MS);
      if (written < first.length) {
        this.#pending[0] = first.subarray(written);
        this.#retryLater();
        return;
      }
      this.#pending.shift();
    }
  }
}

/** Made beside its place and renamed, so that nobody sees it half done; only a link is ever replaced. */
function makeLink(target: string, link: string): void {
  const present = lstatSync(link, { throwIfNoEntry: false });
  if (present && !present.isSymbolicLink())
    throw new LabwireError('PORT_FAILED', `${link} exists and is no symbolic link: choose another path`);
  const temporary = `${link}.${process.pid}.new`;
  try {
    symlinkSync(target, temporary);
    renameSync(temporary, link);
  } catch (cause) {
    throw new LabwireError('PORT_FAILED', `The link ${link} cannot be made: choose a path in an existing folder`, {
      cause,
    });
  }
}

/** Another process may have put its own link there meanwhile. */
function removeLink(target: string, link: string): void {
  const present = lstatSync(link, { throwIfNoEntry: false });
  if (present?.isSymbolicLink() && readlinkSync(link) === target) unlinkSync(link);
}
