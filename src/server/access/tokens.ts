import { type Clock, type Logger, toError, within } from '../../base/index.ts';
import { fileState } from './file-state.ts';
import { digestOf, sameBytes } from './secret.ts';
import { parseToken } from './token.ts';
import { readTokens, type TokenEntry } from './token-file.ts';

const READ_LIMIT_MS = 2_000;

/** The tokens of the file as it is now: one that was revoked there is of no use from that moment on. */
export class Tokens {
  readonly #file: string | undefined;
  readonly #clock: Clock;
  readonly #log: Logger;
  #state = '';
  #reading: Promise<void> = Promise.resolve();
  #nextReading: Promise<void> | undefined;
  #byId: ReadonlyMap<string, TokenEntry> = new Map();

  constructor(file: string | undefined, clock: Clock, log: Logger) {
    this.#file = file;
    this.#clock = clock;
    this.#log = log;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** The entry of a token that is right and not expired. Rejects with LabwireError TIMEOUT where the disk hangs. */
  async find(text: string): Promise<TokenEntry | undefined> {
    await this.refresh();
    const parts = parseToken(text);
    const entry = parts && this.#byId.get(parts.id);
    const expected = entry ? digestIn(entry) : Buffer.alloc(32);
    const right = sameBytes(digestOf(parts?.secret ?? ''), expected);
    return entry && right && this.#lives(entry) ? entry : undefined;
  }

  /** What the file says now of a token that was right before; undefined once it is revoked or expired. */
  current(before: TokenEntry): TokenEntry | undefined {
    const entry = this.#byId.get(before.id);
    return entry && sameBytes(digestIn(entry), digestIn(before)) && this.#lives(entry) ? entry : undefined;
  }

  /**
   * Reads the file where it has changed. One that cannot be read lets nobody in: it may have revoked anybody. Rejects with
   * LabwireError TIMEOUT where the disk hangs.
   */
  refresh(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return Promise.resolve();
    // Who asks while it is looked at waits for the next look: this one may have missed what was changed just now.
    this.#nextReading ??= this.#reading.then(() => {
      this.#nextReading = undefined;
      this.#reading = this.#read(file);
      return this.#reading;
    });
    return within(this.#clock, READ_LIMIT_MS, this.#nextReading, 'Reading the file of tokens');
  }

  async #read(file: string): Promise<void> {
    const state = await fileState(file);
    if (state === this.#state) return;
    this.#state = state;
    try {
      this.#byId = new Map(readTokens(file).map((entry) => [entry.id, entry]));
    } catch (error) {
      this.#byId = new Map();
      this.#log.error({ err: error }, `no token is taken: ${toError(error).message}`);
    }
  }

  #lives({ expires }: TokenEntry): boolean {
    return expires === undefined || this.#clock.now() < Date.parse(expires) * 1000;
  }
}

const digestIn = ({ hash }: TokenEntry): Buffer => Buffer.from(hash, 'hex');
