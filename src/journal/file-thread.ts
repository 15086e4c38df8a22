import { Worker } from 'node:worker_threads';
import { toError } from '../base/index.ts';
import { FileFailure } from './file-failure.ts';
import type { Answer } from './messages.ts';

// The compiled package has no TypeScript, and a worker's address is no import that the compiler would rewrite.
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './journal-worker.ts' : './journal-worker.js', import.meta.url);

/** Node gives a thread its own options, and refuses to start one by an option that is only for the text of `--eval`. */
function isOfAnyProgram(option: string, index: number, all: readonly string[]): boolean {
  return !option.startsWith('--input-type') && all[index - 1] !== '--input-type';
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: FileFailure) => void;
}

/** A thread that waits for the disk, so that nothing else has to. Its requests are done in their order. */
export class FileThread<Request> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #dead: FileFailure | undefined;

  constructor(role: 'writer' | 'reader', path: string) {
    this.#worker = new Worker(ENTRY, {
      workerData: { role, path },
      name: `journal ${role}`,
      execArgv: process.execArgv.filter(isOfAnyProgram),
      // What passes through it is soon forgotten; by itself V8 would let some 50 MB of it lie about.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    this.#worker.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('failure' in answer) waiting?.reject(new FileFailure(answer.failure.code, answer.failure.message));
      else waiting?.resolve(answer.result);
    });
    this.#worker.on('error', (error) => this.#die(toError(error).message));
    this.#worker.on('exit', () => this.#die('the thread of the journal ended'));
  }

  /** @throws FileFailure, also when the thread ends first */
  ask<Result>(request: Request): Promise<Result> {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = ++this.#lastId;
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as Result), reject });
      this.#worker.postMessage({ id, request });
    });
  }

  /** Ends it, in the middle of whatever it does. Never throws. */
  async end(): Promise<void> {
    this.#die('the thread of the journal was ended');
    // One that hangs in the disk must not keep the process.
    this.#worker.unref();
    await this.#worker.terminate();
  }

  #die(reason: string): void {
    this.#dead ??= new FileFailure('THREAD', reason);
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
  }
}
