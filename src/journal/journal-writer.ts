import { type Clock, geometricDelay, type Timer, toError } from '../base/index.ts';
import { FileFailure, isDamageCode } from './file-failure.ts';
import { FileThread } from './file-thread.ts';
import type { CommitRequest, Committed, Opened, OpenRequest, WriterRequest } from './messages.ts';

export interface WriterListener {
  /** What an opening asks for, as of now. */
  request(): Omit<OpenRequest, 'kind' | 'path' | 'setAside'>;
  /** The file is open; what this throws refuses it. */
  opened(opened: Opened): void;
  /** The file cannot be opened or written; it is tried again. */
  failed(failure: FileFailure): void;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
const RETRY_STEPS = 5;

/** Keeps the thread that writes the file, and opens the file anew after each failure, with growing pauses. */
export class JournalWriter {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #listener: WriterListener;
  #thread: FileThread<WriterRequest> | undefined;
  /** The attempt that is under way. */
  #opening: Promise<void> | undefined;
  #retry: Timer | undefined;
  #attempts = 0;
  #setAside = false;
  /** No further attempt is made. */
  #closing = false;
  #ended = false;

  constructor(path: string, clock: Clock, listener: WriterListener) {
    this.#path = path;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Whether the file is open. */
  get ready(): boolean {
    return this.#thread !== undefined;
  }

  /** Makes an attempt, and then others until one succeeds. Never rejects. @param refused whether to try no further */
  open(refused: (failure: FileFailure) => boolean = () => false): Promise<void> {
    this.#opening = this.#open()
      .finally(() => {
        this.#opening = undefined;
      })
      .catch((failure: FileFailure) => {
        if (!refused(failure)) this.fail(failure);
      });
    return this.#opening;
  }

  /** @throws FileFailure; the file is then opened anew */
  async commit(request: CommitRequest): Promise<Committed> {
    const thread = this.#thread;
    if (!thread) throw new FileFailure('CLOSED', 'the journal is not open');
    try {
      const committed = await thread.ask<Committed>(request);
      this.#attempts = 0;
      return committed;
    } catch (error) {
      const failure = toFailure(error);
      if (thread === this.#thread) this.fail(failure);
      throw failure;
    }
  }

  /** The file is of no use as it is. */
  fail(failure: FileFailure): void {
    if (this.#ended) return;
    const ended = this.#thread?.end();
    this.#thread = undefined;
    if (isDamageCode(failure.code)) this.#setAside = true;
    this.#listener.failed(failure);
    if (this.#closing || this.#retry || this.#opening) return;
    // A file that is gone or damaged is at once replaced, if that helps.
    const atOnce = this.#attempts++ === 0 && (failure.code === 'GONE' || this.#setAside);
    const delay = atOnce ? 0 : geometricDelay(this.#attempts, FIRST_RETRY_MS, LONGEST_RETRY_MS, RETRY_STEPS);
    this.#retry = this.#clock.setTimer(() => void this.#again(ended), delay);
  }

  /** Waits for what is under way; nothing new is begun by itself. */
  async settle(): Promise<void> {
    this.#closing = true;
    this.#retry?.cancel();
    await this.#opening;
  }

  /** @param head the last sequence given: the next opening goes on there */
  async close(head: number): Promise<void> {
    // What this refuses, the next opening finds: it then takes the end for a crash.
    await this.#thread?.ask({ kind: 'close', head }).catch(() => {});
  }

  /** Ends the thread, whatever it does. */
  async end(): Promise<void> {
    this.#ended = true;
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.end();
  }

  async #again(ended: Promise<void> | undefined): Promise<void> {
    await ended;
    this.#retry = undefined;
    if (!this.#closing) await this.open();
  }

  /** @throws FileFailure */
  async #open(): Promise<void> {
    const thread = new FileThread<WriterRequest>('writer', this.#path);
    try {
      const request = this.#listener.request();
      const opened = await thread.ask<Opened>({
        kind: 'open',
        path: this.#path,
        setAside: this.#setAside,
        ...request,
      });
      if (this.#ended) throw new FileFailure('CLOSED', 'the journal was closed meanwhile');
      this.#setAside = false;
      this.#thread = thread;
      this.#listener.opened(opened);
    } catch (error) {
      this.#thread = undefined;
      await thread.end();
      throw toFailure(error);
    }
  }
}

function toFailure(error: unknown): FileFailure {
  return error instanceof FileFailure ? error : new FileFailure('UNKNOWN', toError(error).message);
}
