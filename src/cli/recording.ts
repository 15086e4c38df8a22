import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { LabwireError, toError } from '../base/index.ts';
import { type LineSettings, type TrafficEntry, transcriptHeading, transcriptLine } from '../port/index.ts';

/**
 * A transcript while it is written: each entry is in the file when `add()` returns. Only what was said is recorded, with
 * its time since the first entry of any kind.
 */
export class Recording {
  readonly #file: string;
  readonly #descriptor: number;
  /** Of the first entry, in µs since the Unix epoch. */
  #startedAt: number | undefined;
  /** The time of the last line, in s: one whose clock was set back is not before it. */
  #t = 0;

  private constructor(file: string, descriptor: number) {
    this.#file = file;
    this.#descriptor = descriptor;
  }

  /** @throws LabwireError USAGE when something is in the file already, or it cannot be written */
  static open(file: string): Recording {
    let descriptor: number;
    try {
      descriptor = openSync(file, 'a');
    } catch (cause) {
      const why = toError(cause).message;
      throw new LabwireError('USAGE', `${file} cannot be written: ${why}; choose another file`, { cause });
    }
    if (fstatSync(descriptor).size === 0) return new Recording(file, descriptor);
    closeSync(descriptor);
    throw new LabwireError('USAGE', `${file} exists and is not empty: choose another file, or remove it first`);
  }

  /** @throws LabwireError TRANSCRIPT_FILE when the line cannot be written */
  add({ at, kind, bytes }: TrafficEntry, port: string, settings: LineSettings): void {
    if (this.#startedAt === undefined) {
      this.#startedAt = at;
      this.#write(transcriptHeading(port, settings, at));
    }
    if (!bytes || (kind !== 'sent' && kind !== 'received')) return;
    this.#t = Math.max(this.#t, (at - this.#startedAt) / 1e6);
    this.#write(transcriptLine({ t: this.#t, dir: kind === 'sent' ? 'tx' : 'rx', bytes }));
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #write(line: string): void {
    try {
      writeSync(this.#descriptor, line);
    } catch (cause) {
      const why = toError(cause).message;
      throw new LabwireError('TRANSCRIPT_FILE', `${this.#file} cannot be written: ${why}`, { cause });
    }
  }
}
