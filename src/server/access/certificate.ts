import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { type Clock, LabwireError, type Logger, type Timer, toError } from '../../base/index.ts';
import { fileState } from './file-state.ts';

/** Files in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** What is in them. */
export interface TlsKeys {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** A certificate lives for weeks, and whoever renews it has days left. */
const LOOK_MS = 60_000;

/** The certificate of the server and its key; both are read again when their files are replaced. */
export class Certificate {
  readonly #files: TlsFiles;
  readonly #clock: Clock;
  readonly #log: Logger;
  #state = '';
  #timer: Timer | undefined;
  #stopped = false;

  constructor(files: TlsFiles, clock: Clock, log: Logger) {
    this.#files = files;
    this.#clock = clock;
    this.#log = log;
  }

  /** Rejects with LabwireError SERVER_CERTIFICATE where a file cannot be read, or the two do not belong together. */
  async read(): Promise<TlsKeys> {
    this.#state = await this.#look();
    const files = this.#files;
    try {
      const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)]);
      createSecureContext({ cert, key });
      return { cert, key };
    } catch (error) {
      const detail = `The certificate ${files.cert} and the key ${files.key} cannot be used: ${toError(error).message}`;
      throw new LabwireError('SERVER_CERTIFICATE', detail, { cause: error });
    }
  }

  /** Hands over what the files hold each time they have changed; of what cannot be used it tells the log. */
  watch(use: (keys: TlsKeys) => void): void {
    this.#timer = this.#clock.setTimer(async () => {
      if ((await this.#look()) !== this.#state) await this.#renew(use);
      if (!this.#stopped) this.watch(use);
    }, LOOK_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #renew(use: (keys: TlsKeys) => void): Promise<void> {
    try {
      const keys = await this.read();
      if (this.#stopped) return;
      use(keys);
      this.#log.info(`the certificate ${this.#files.cert} was read again`);
    } catch (error) {
      this.#log.error({ err: error }, `${toError(error).message}; the server goes on with the one before`);
    }
  }

  async #look(): Promise<string> {
    const states = await Promise.all([fileState(this.#files.cert), fileState(this.#files.key)]);
    return states.join(' ');
  }
}
