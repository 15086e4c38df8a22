import type { Clock, Timer } from '../../base/index.ts';
import type { DropListener, Frame, Framer, Framing } from './framing.ts';

export interface PacketOptions {
  /**
   * How long the frame is that begins with the first of these bytes (there is at least one), in bytes; 0 or NaN where more
   * bytes are needed to tell, negative where no frame begins here. Where the beginning leaves several lengths open, all of them,
   * the likeliest first: each is waited for before the next is tried.
   */
  measure(bytes: Buffer): number | readonly number[];
  /** Whether the bytes of a measured frame are one (its checksum is right); default they always are. */
  isWhole?(frame: Buffer): boolean;
  /** Longest frame in bytes; what measures longer is none. */
  readonly maxLength: number;
  /** A pause of so many ms ends whatever has begun. Longer than the gaps that adapters and networks make in a frame. */
  readonly silenceMs: number;
}

/**
 * Binary frames without a terminator, known by their header, length and checksum. Where no whole frame begins, one byte is
 * passed over and the next is tried, so that a frame behind garbage, or behind a damaged one, is found. After a pause no
 * frame is waited for any more: those that are held are given, the rest is dropped.
 *
 * What is passed over between two frames is counted as one thing with all its bytes, or one for each `maxLength` of them.
 * Reasons: `invalid`, measure or check failed, a mistake of the driver; `checksum`, a frame measured right and was not
 * whole; `incomplete`, the rest of one did not come; `noise`, none had begun.
 */
export function packets(options: PacketOptions): Framing {
  return {
    createFramer: (onFrame, onDrop, clock) => new PacketFramer(options, onFrame, onDrop, clock),
    encode: (text) => Buffer.from(text, 'latin1'),
  };
}

/** The worst first: a run of passed bytes is counted under the worst that was seen in it. */
const REASONS = ['invalid', 'checksum', 'incomplete', 'noise'] as const;
type Reason = (typeof REASONS)[number];

const WAIT = 0;

/** A timer that fires so much too late shows that the process was held up: what came meanwhile is yet to be read. */
const HELD_UP_MS = 10;

class PacketFramer implements Framer {
  readonly #options: PacketOptions;
  readonly #onFrame: (frame: Frame) => void;
  readonly #onDrop: DropListener;
  readonly #clock: Clock;
  #held: Buffer = Buffer.alloc(0);
  /** When the held bytes came: each up to the given place in the stream. Those beyond the last came at `#at`. */
  #arrivals: { readonly end: number; readonly at: number }[] = [];
  #at = 0;
  /** Place in the stream of the first held byte. */
  #place = 0;
  #passed = 0;
  #reason: Reason = 'noise';
  #timer: Timer | undefined;
  #dueMs = 0;
  #lastMs = 0;

  constructor(options: PacketOptions, onFrame: (frame: Frame) => void, onDrop: DropListener, clock: Clock) {
    this.#options = options;
    this.#onFrame = onFrame;
    this.#onDrop = onDrop;
    this.#clock = clock;
  }

  get hasBegun(): boolean {
    return this.#held.length > 0;
  }

  push(bytes: Buffer, at: number): void {
    if (bytes.length === 0) return;
    if (this.#held.length > 0) this.#arrivals.push({ end: this.#place + this.#held.length, at: this.#at });
    this.#at = at;
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    this.#cut(false);
    // Its own copy: the bytes are the port's, and a few that are kept must not hold a large piece of memory.
    this.#held = Buffer.from(this.#held);
    if (this.#held.length === 0 && this.#passed === 0) return;
    this.#lastMs = this.#clock.monotonic();
    if (!this.#timer) this.#watch(this.#options.silenceMs);
  }

  reset(): number {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#tellPassed();
    const begun = this.#held.length;
    this.#advance(begun);
    return begun;
  }

  /** @param isOver nothing more is waited for */
  #cut(isOver: boolean): void {
    while (this.#held.length > 0) {
      const length = this.#safeLength(isOver);
      if (length === WAIT) return;
      if (length < 0) this.#pass();
      else this.#give(length);
    }
  }

  /** A driver's mistake costs it the bytes, and the process nothing. */
  #safeLength(isOver: boolean): number {
    try {
      return this.#frameLength(isOver);
    } catch {
      this.#blame('invalid');
      return -1;
    }
  }

  /** Length of the whole frame at the beginning of what is held, WAIT where it may become one, negative if there is none. */
  #frameLength(isOver: boolean): number {
    const { measure, isWhole, maxLength } = this.#options;
    const held = this.#held;
    const measured = measure(held);
    if (!measured) {
      if (!isOver && held.length < maxLength) return WAIT;
      this.#blame('incomplete');
      return -1;
    }
    for (const length of typeof measured === 'number' ? [measured] : measured) {
      if (!(length >= 1 && length <= maxLength)) continue;
      if (length > held.length) {
        if (!isOver) return WAIT;
        this.#blame('incomplete');
      } else if (!isWhole || isWhole(held.subarray(0, length))) {
        return length;
      } else this.#blame('checksum');
    }
    return -1;
  }

  #give(length: number): void {
    this.#tellPassed();
    const frame = { text: this.#held.toString('latin1', 0, length), at: this.#arrival(this.#place + length) };
    this.#advance(length);
    this.#onFrame(frame);
  }

  #pass(): void {
    this.#passed++;
    this.#advance(1);
    if (this.#passed >= this.#options.maxLength) this.#tellPassed();
  }

  #blame(reason: Reason): void {
    if (REASONS.indexOf(reason) < REASONS.indexOf(this.#reason)) this.#reason = reason;
  }

  #tellPassed(): void {
    const [reason, passed] = [this.#reason, this.#passed];
    this.#reason = 'noise';
    this.#passed = 0;
    if (passed > 0) this.#onDrop(reason, passed);
  }

  #advance(length: number): void {
    this.#held = this.#held.subarray(length);
    this.#place += length;
    while (this.#arrivals[0] && this.#arrivals[0].end <= this.#place) this.#arrivals.shift();
  }

  /** Of the byte before the given place. */
  #arrival(end: number): number {
    return this.#arrivals.find((arrival) => arrival.end >= end)?.at ?? this.#at;
  }

  /** One timer for all that comes until it fires: none is set where frames come whole. */
  #watch(milliseconds: number): void {
    this.#dueMs = this.#clock.monotonic() + milliseconds;
    this.#timer = this.#clock.setTimer(() => this.#look(), milliseconds);
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#held.length === 0 && this.#passed === 0) return;
    const { silenceMs } = this.#options;
    const nowMs = this.#clock.monotonic();
    const rest = nowMs - this.#dueMs > HELD_UP_MS ? silenceMs : this.#lastMs + silenceMs - nowMs;
    if (rest > 0) {
      this.#watch(rest);
      return;
    }
    this.#cut(true);
    this.#tellPassed();
  }
}
