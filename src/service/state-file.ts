import { readFile, rename } from 'node:fs/promises';
import { type Clock, isObject, LabwireError, type Logger, type Timer, toError } from '../base/index.ts';
import { replaceFile } from './replace-file.ts';
import type { SettingValue } from './value-rules.ts';

/** A value that was set at run time, and what the configuration said then. */
export interface KeptValue {
  readonly value: SettingValue;
  readonly configured?: SettingValue | undefined;
}

/** Changes within this time (ms) are written together. */
const GATHER_MS = 200;

/** A disk that did not take the file is tried again after this time (ms). */
const RETRY_MS = 30_000;

/**
 * The values of settings over a restart: one JSON file, always whole. It is written beside itself, synced, and renamed,
 * so that a power cut leaves the old or the new one.
 */
export class StateFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #kept = new Map<string, KeptValue>();
  #dirty = false;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #failing = false;

  constructor(path: string, parts: { readonly clock: Clock; readonly log: Logger }) {
    this.#path = path;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** Reads the file. One that cannot be read is set aside and reported; never rejects. */
  async load(): Promise<void> {
    try {
      for (const [path, kept] of parse(await readFile(this.#path, 'utf8'))) this.#kept.set(path, kept);
    } catch (error) {
      if (isMissing(error)) return;
      const aside = await this.#setAside();
      const what = `The file of kept settings ${this.#path} cannot be read (${toError(error).message})`;
      const reported = new LabwireError('STATE_FILE', `${what}; ${aside}, and every setting has its default`, {
        cause: error,
      });
      this.#log.error({ err: reported }, reported.message);
    }
  }

  get(path: string): KeptValue | undefined {
    return this.#kept.get(path);
  }

  set(path: string, kept: KeptValue): void {
    this.#kept.set(path, kept);
    this.#change();
  }

  delete(path: string): void {
    if (this.#kept.delete(path)) this.#change();
  }

  /** Writes what is not written yet, now. Never rejects. */
  async flush(): Promise<void> {
    this.#cancelTimer();
    await this.#writing;
    if (this.#dirty) await this.#write();
    // Whoever flushes for the last time leaves no retry behind.
    this.#cancelTimer();
  }

  #cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #change(): void {
    this.#dirty = true;
    if (!this.#writing) this.#writeAfter(GATHER_MS);
  }

  #writeAfter(milliseconds: number): void {
    this.#timer ??= this.#clock.setTimer(() => {
      this.#timer = undefined;
      void this.#write();
    }, milliseconds);
  }

  #write(): Promise<void> {
    this.#writing ??= this.#replace().finally(() => {
      this.#writing = undefined;
      if (this.#dirty) this.#writeAfter(this.#failing ? RETRY_MS : GATHER_MS);
    });
    return this.#writing;
  }

  /** Reports on change of state: a full disk writes one line, and another when it takes the file again. */
  async #replace(): Promise<void> {
    this.#dirty = false;
    try {
      await replaceFile(this.#path, serialise(this.#kept));
      if (this.#failing) this.#log.info(`the file of kept settings ${this.#path} can be written again`);
      this.#failing = false;
    } catch (error) {
      this.#dirty = true;
      if (!this.#failing) {
        const message = `The file of kept settings ${this.#path} cannot be written (${toError(error).message}); make room, or let labwire write there`;
        this.#log.error({ err: new LabwireError('STATE_FILE', message, { cause: error }) }, message);
      }
      this.#failing = true;
    }
  }

  /** Else the next change would be written over it. */
  async #setAside(): Promise<string> {
    const time = new Date(this.#clock.now() / 1000).toISOString().replaceAll(':', '-');
    const aside = `${this.#path}.damaged-${time}`;
    try {
      await rename(this.#path, aside);
      return `it was renamed to ${aside}`;
    } catch (error) {
      return `it could not be renamed (${toError(error).message})`;
    }
  }
}

/** @throws SyntaxError for everything but a file that `serialise` made */
function parse(text: string): [string, KeptValue][] {
  const content: unknown = JSON.parse(text);
  if (!isObject(content) || !isObject(content.settings)) throw new SyntaxError('it holds no settings');
  return Object.entries(content.settings).map(([path, kept]) => {
    if (!isObject(kept) || !isScalar(kept.value)) throw new SyntaxError(`${path} holds no value`);
    return [
      path,
      isScalar(kept.configured) ? { value: kept.value, configured: kept.configured } : { value: kept.value },
    ];
  });
}

function serialise(kept: ReadonlyMap<string, KeptValue>): string {
  return `${JSON.stringify({ version: 1, settings: Object.fromEntries(kept) }, undefined, 2)}\n`;
}

const isScalar = (value: unknown): value is SettingValue => ['number', 'string', 'boolean'].includes(typeof value);

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';
