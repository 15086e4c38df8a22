import type { Clock } from '../src/index.ts';
import type { Fault, Piece } from './faults.ts';

export interface FaultyWayOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Takes what comes out at the other end. */
  readonly deliver: (bytes: Buffer) => void;
  /** Takes what goes back to where it came from. */
  readonly sendBack: (bytes: Buffer) => void;
}

export interface StandingOptions {
  /** The part of the messages that it hits, 0 to 1; default 1. */
  readonly rate?: number;
}

/** Pieces that may be on their way at once; what comes beyond is lost and counted as `overrun`. */
const PIECE_LIMIT = 10_000;

/**
 * One direction of a line, with the faults on it. A message goes through the standing faults in the order in which they
 * were added, and then through those that were made for it alone. Without faults it passes at once.
 */
export class FaultyWay {
  /** How many messages each fault has hit, by its name; also `lost`, what was sent while the instrument hung or booted. */
  readonly counts: Readonly<Record<string, number>>;
  readonly #counts: Record<string, number> = {};
  readonly #options: FaultyWayOptions;
  readonly #standing = new Set<{ readonly fault: Fault; readonly rate: number }>();
  readonly #next: (readonly Fault[])[] = [];
  #previous: Buffer | undefined;
  #onTheWay: { readonly piece: Piece; readonly dueMs: number }[] = [];
  #timer: ReturnType<Clock['setTimer']> | undefined;

  constructor(options: FaultyWayOptions) {
    this.#options = options;
    this.counts = this.#counts;
  }

  /** Disturbs the next message, with all of these. Called again before it came, the one after that. */
  next(...faults: Fault[]): void {
    this.#next.push(faults);
  }

  /** Disturbs messages from now on. Returns a function that ends it. */
  always(fault: Fault, { rate = 1 }: StandingOptions = {}): () => void {
    const standing = { fault, rate };
    this.#standing.add(standing);
    return () => this.#standing.delete(standing);
  }

  /** Ends all faults; what is on its way arrives. */
  clear(): void {
    this.#standing.clear();
    this.#next.length = 0;
  }

  /** Takes a message. */
  pass(message: Buffer): void {
    const { random } = this.#options;
    const faults = [...this.#standing].filter(({ rate }) => rate >= 1 || random() < rate).map(({ fault }) => fault);
    faults.push(...(this.#next.shift() ?? []));
    const before = this.#previous;
    this.#previous = Buffer.from(message);
    let pieces: readonly Piece[] = [{ bytes: this.#previous, afterMs: 0 }];
    for (const fault of faults) {
      this.count(fault.name);
      pieces = pieces.flatMap((piece) => (piece.back ? [piece] : fault.disturb(piece, { random, previous: before })));
    }
    for (const piece of pieces) this.#send(piece);
  }

  /** Counts what befell a message. */
  count(name: string): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }

  /** Loses what is on its way. */
  discard(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#onTheWay = [];
  }

  #send(piece: Piece): void {
    const nowMs = this.#options.clock.monotonic();
    const turnMs = Math.max(nowMs, this.#onTheWay.at(-1)?.dueMs ?? nowMs);
    const dueMs = turnMs + piece.afterMs;
    if (this.#onTheWay.length === 0 && dueMs <= nowMs) this.#arrive(piece);
    else if (this.#onTheWay.length >= PIECE_LIMIT) this.count('overrun');
    else {
      this.#onTheWay.push({ piece, dueMs });
      this.#arm();
    }
  }

  #arm(): void {
    const first = this.#onTheWay[0];
    if (!first || this.#timer) return;
    this.#timer = this.#options.clock.setTimer(() => {
      this.#timer = undefined;
      this.#onTheWay.shift();
      this.#arrive(first.piece);
      this.#arm();
    }, first.dueMs - this.#options.clock.monotonic());
  }

  #arrive({ bytes, back }: Piece): void {
    if (bytes.length === 0) return;
    if (back) this.#options.sendBack(bytes);
    else this.#options.deliver(bytes);
  }
}
