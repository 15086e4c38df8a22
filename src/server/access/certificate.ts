import { readFileSync } from 'node:fs';
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

  constructor(files: TlsFiles, clock: Clock, log: Logger) {
    this.#files = files;
    this.#clock = clock;
    this.#log = log;
  }

  /** @throws LabwireError SERVER_CERTIFICATE where a file cannot be read, or the two do not belong together */
  read(): TlsKeys {
    this.#state = this.#look();
    const { cert, key } = this.#files;
    try {
      const keys = { cert: readFileSync(cert), key: readFileSync(key) };
      createSecureContext(keys);
      return keys;
    } catch (error) {
      const detail = `The certificate ${cert} and the key ${key} cannot be used: ${toError(error).message}`;
      throw new LabwireError('SERVER_CERTIFICATE', detail, { cause: error });
    }
  }

  /** Hands over what the files hold each time they have changed; of what cannot be used it tells the log. */
  watch(use: (keys: TlsKeys) => void): void {
    this.#timer = this.#clock.setTimer(() => {
      if (this.#look() !== this.#state) this.#renew(use);
      this.watch(use);
    }, LOOK_MS);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #renew(use: (keys: TlsKeys) => void): void {
    try {
      use(this.read());
      this.#log.info(`the certificate ${this.#files.cert} was read again`);
    } catch (error) {
      this.#log.error({ err: error }, `${toError(error).message}; the server goes on with the one before`);
    }
  }

  #look(): string {
    return `${fileState(this.#files.cert)} ${fileState(this.#files.key)}`;
  }
}
