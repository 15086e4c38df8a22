import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Clock, isoTime, type Logger, type Timer, toError } from '../../base/index.ts';
import { replaceFile } from '../../service/index.ts';

const WRITE_AFTER_MS = 60_000;
const content = z.record(z.string().regex(/^[0-9a-f]{12}$/), z.string());

/**
 * When each token was used last. In a file of its own beside that of the tokens: so the gateway never writes the other,
 * and cannot bring back what was revoked there meanwhile.
 */
export class LastUse {
  readonly #tokenFile: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  #times: Map<string, string> | undefined;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failing = false;

  /** @param tokenFile beside which it is */
  constructor(tokenFile: string, clock: Clock, log: Logger) {
    this.#tokenFile = tokenFile;
    this.#clock = clock;
    this.#log = log;
  }

  note(id: string): void {
    this.#times ??= new Map(Object.entries(readLastUse(this.#tokenFile)));
    this.#times.set(id, isoTime(this.#clock.now()));
    this.#timer ??= this.#clock.setTimer(() => void this.flush(), WRITE_AFTER_MS);
  }

  /** Writes what is not written yet, but nothing of tokens that are no more. Never rejects. */
  flush(living?: (id: string) => boolean): Promise<void> {
    if (this.#timer) {
      this.#timer.cancel();
      this.#timer = undefined;
      const times = [...(this.#times ?? [])].filter(([id]) => living?.(id) ?? true);
      const text = `${JSON.stringify(Object.fromEntries(times), null, 2)}\n`;
      this.#writing = this.#writing.then(() => this.#write(text));
    }
    return this.#writing;
  }

  async #write(text: string): Promise<void> {
    try {
      await replaceFile(lastUseFile(this.#tokenFile), text);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        this.#log.warn({ err: error }, `the last use of tokens is not kept: ${toError(error).message}`);
      this.#failing = true;
    }
  }
}

/** By token id, ISO times. Nothing depends on them, so a file that is missing or damaged has none. */
export function readLastUse(tokenFile: string): Readonly<Record<string, string>> {
  try {
    return content.parse(JSON.parse(readFileSync(lastUseFile(tokenFile), 'utf8')));
  } catch {
    return {};
  }
}

function lastUseFile(tokenFile: string): string {
  return `${tokenFile.replace(/\.json$/, '')}-used.json`;
}
