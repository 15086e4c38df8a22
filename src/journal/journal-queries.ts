import { abortError, type Clock, LabwireError, type Timer, toError } from '../base/index.ts';
import { FileFailure } from './file-failure.ts';
import { FileThread } from './file-thread.ts';
import type { ReaderRequest } from './messages.ts';

/** Queries at once; what comes beyond waits. */
const THREADS = 2;
const MOST_WAITING = 16;
/** Of a query, its waiting included. */
const LIMIT_MS = 5000;
/** A thread that has nothing to do costs memory. */
const IDLE_MS = 60_000;

type Thread = FileThread<ReaderRequest>;

/**
 * What people ask the journal, beside what sinks read: each query in a thread that does nothing else meanwhile, a few at
 * once, each within its limit, and ended when nobody wants the answer any more.
 */
export class JournalQueries {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #failed: (failure: FileFailure) => void;
  readonly #threads = new Set<Thread>();
  readonly #free: Thread[] = [];
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #idle: Timer | undefined;

  constructor(path: string, clock: Clock, failed: (failure: FileFailure) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#failed = failed;
  }

  /** @throws LabwireError QUEUE_FULL, TIMEOUT, ABORTED, JOURNAL_FAILED */
  async ask<Result>(request: ReaderRequest, signal?: AbortSignal): Promise<Result> {
    const limit = new AbortController();
    const timer = this.#clock.setTimer(() => limit.abort(), LIMIT_MS);
    const end = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
    try {
      await this.#turn(end);
      return await this.#run<Result>(request, end);
    } catch (error) {
      if (limit.signal.aborted) {
        const message = `The journal did not answer within ${LIMIT_MS / 1000} s; ask for a shorter time`;
        throw new LabwireError('TIMEOUT', message, { cause: error });
      }
      if (signal?.aborted) throw abortError('The query of the journal', signal);
      throw error;
    } finally {
      timer.cancel();
    }
  }

  /** Ends the threads, whatever they do; the next query makes another. */
  async close(): Promise<void> {
    this.#idle?.cancel();
    this.#free.length = 0;
    await Promise.all([...this.#threads].map((thread) => this.#end(thread)));
  }

  /** Waits until it is this query's turn, which `#leave` ends. */
  #turn(end: AbortSignal): Promise<void> {
    if (end.aborted) return Promise.reject(abortError('The query of the journal', end));
    if (this.#running < THREADS) {
      this.#running++;
      return Promise.resolve();
    }
    if (this.#waiting.length >= MOST_WAITING) {
      const message = `The journal is being asked ${THREADS + MOST_WAITING} things already; ask again later`;
      return Promise.reject(new LabwireError('QUEUE_FULL', message));
    }
    return new Promise((resolve, reject) => {
      const go = (): void => {
        end.removeEventListener('abort', leave);
        this.#running++;
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(abortError('The query of the journal', end));
      };
      end.addEventListener('abort', leave, { once: true });
      this.#waiting.push(go);
    });
  }

  async #run<Result>(request: ReaderRequest, end: AbortSignal): Promise<Result> {
    if (end.aborted) {
      this.#leave();
      throw abortError('The query of the journal', end);
    }
    const thread = this.#free.pop() ?? this.#begin();
    // In the middle of SQLite nothing but the end of its thread ends a query.
    const stop = (): void => void this.#end(thread);
    end.addEventListener('abort', stop, { once: true });
    try {
      const result = await thread.ask<Result>(request);
      if (this.#threads.has(thread)) this.#free.push(thread);
      this.#leave();
      return result;
    } catch (error) {
      // One that hangs in the disk keeps its turn, but nobody waiting.
      void this.#end(thread).finally(() => this.#leave());
      if (error instanceof FileFailure) this.#failed(error);
      const message = `The journal ${this.#path} cannot be read: ${toError(error).message}`;
      throw new LabwireError('JOURNAL_FAILED', message, { cause: error });
    } finally {
      end.removeEventListener('abort', stop);
      this.#idle?.cancel();
      if (this.#free.length > 0) this.#idle = this.#clock.setTimer(() => void this.#endFree(), IDLE_MS);
    }
  }

  #leave(): void {
    this.#running--;
    this.#waiting.shift()?.();
  }

  #begin(): Thread {
    const thread = new FileThread<ReaderRequest>('reader', this.#path);
    this.#threads.add(thread);
    return thread;
  }

  /** Never rejects. */
  async #end(thread: Thread): Promise<void> {
    this.#threads.delete(thread);
    await thread.end();
  }

  async #endFree(): Promise<void> {
    await Promise.all(this.#free.splice(0).map((thread) => this.#end(thread)));
  }
}
