/** A part of what goes over a line in one direction. */
export interface Piece {
  readonly bytes: Buffer;
  /** After its turn, in ms. What follows on the line waits as long: nothing overtakes. */
  readonly afterMs: number;
  /** It goes back to where the message came from. */
  readonly back?: boolean;
}

export interface FaultContext {
  /** Uniform in [0, 1), from the seed. */
  random(): number;
  /** The message before this one, as it was before any fault; undefined for the first. */
  readonly previous: Buffer | undefined;
}

/**
 * One thing that goes wrong with a message: one `send()` of an instrument, or what arrives at it at once. Pure but for its
 * random numbers. To make one of your own, give it a name and say what goes over the line in place of a piece.
 */
export interface Fault {
  /** Under which it is counted. */
  readonly name: string;
  disturb(piece: Piece, context: FaultContext): readonly Piece[];
}

export interface DropOptions {
  /** Only so many bytes in a row, at a random place; default the whole message. */
  readonly bytes?: number;
}

/** Loses the message, or some bytes of it. */
export function drop({ bytes }: DropOptions = {}): Fault {
  return {
    name: 'drop',
    disturb: (piece, { random }) => {
      if (bytes === undefined) return [];
      const first = below(random, piece.bytes.length - bytes + 1);
      const rest = [piece.bytes.subarray(0, first), piece.bytes.subarray(first + bytes)];
      return [{ ...piece, bytes: Buffer.concat(rest) }];
    },
  };
}

/** Holds the message back, and with it what follows. */
export function delay(milliseconds: number): Fault {
  return { name: 'delay', disturb: (piece) => [{ ...piece, afterMs: piece.afterMs + milliseconds }] };
}

/**
 * Answers too late: after the time limit of who asked.
 *
 * @param limitMs that limit, in ms
 * @param byMs how much later than that, in ms
 */
export function late(limitMs: number, byMs = 50): Fault {
  return { ...delay(limitMs + byMs), name: 'late' };
}

export interface SplitOptions {
  /** Default 2; at most as many as there are bytes. */
  readonly pieces?: number;
  /** Between two pieces, in ms; default 10. */
  readonly pauseMs?: number;
}

/** Sends the message in pieces, cut at random places, with pauses. */
export function split({ pieces = 2, pauseMs = 10 }: SplitOptions = {}): Fault {
  return {
    name: 'split',
    disturb: (piece, { random }) => {
      const { bytes } = piece;
      const cuts = new Set<number>();
      while (cuts.size < Math.min(pieces, bytes.length) - 1) cuts.add(1 + below(random, bytes.length - 1));
      const ends = [...cuts, bytes.length].sort((a, b) => a - b);
      return ends.map((end, index) => ({
        ...piece,
        bytes: bytes.subarray(ends[index - 1] ?? 0, end),
        afterMs: index === 0 ? piece.afterMs : pauseMs,
      }));
    },
  };
}

export interface DuplicateOptions {
  /** How often it comes; default 2. */
  readonly times?: number;
  /** Between two of them, in ms; default 0. */
  readonly pauseMs?: number;
}

/** Sends the message several times. */
export function duplicate({ times = 2, pauseMs = 0 }: DuplicateOptions = {}): Fault {
  return {
    name: 'duplicate',
    disturb: (piece) =>
      Array.from({ length: times }, (_, index) => (index === 0 ? piece : { ...piece, afterMs: pauseMs })),
  };
}

export interface FlipOptions {
  /** How many bits, at random places; default 1. One that is hit twice is as it was. */
  readonly bits?: number;
}

/** Turns bits over, as a disturbed line does. */
export function flip({ bits = 1 }: FlipOptions = {}): Fault {
  return {
    name: 'flip',
    disturb: (piece, { random }) => {
      const bytes = Buffer.from(piece.bytes);
      for (let flipped = 0; flipped < bits && bytes.length > 0; flipped++) {
        const place = below(random, bytes.length * 8);
        const byte = place >> 3;
        bytes[byte] = (bytes[byte] ?? 0) ^ (1 << (place & 7));
      }
      return [{ ...piece, bytes }];
    },
  };
}

export interface NoiseOptions {
  /** How many random bytes; default 8. */
  readonly bytes?: number;
  /** Default `within`, at a random place. */
  readonly where?: 'before' | 'within' | 'after';
}

/** Inserts bytes that nobody sent. */
export function noise({ bytes = 8, where = 'within' }: NoiseOptions = {}): Fault {
  return {
    name: 'noise',
    disturb: (piece, { random }) => {
      const own = piece.bytes;
      const inserted = Buffer.from(Array.from({ length: bytes }, () => below(random, 256)));
      const at = { before: 0, within: below(random, own.length + 1), after: own.length }[where];
      return [{ ...piece, bytes: Buffer.concat([own.subarray(0, at), inserted, own.subarray(at)]) }];
    },
  };
}

/** Sends the message before in place of this one: the answer to the previous question. The first is lost. */
export function previous(): Fault {
  return {
    name: 'previous',
    disturb: (piece, context) => (context.previous ? [{ ...piece, bytes: context.previous }] : []),
  };
}

/** Sends it on, and back to where it came from, as an RS-485 adapter does that hears itself. For questions. */
export function echo(): Fault {
  return { name: 'echo', disturb: (piece) => [{ ...piece, back: true }, piece] };
}

/** A whole number from 0 to one below `limit`. */
function below(random: () => number, limit: number): number {
  return Math.floor(random() * Math.max(1, limit));
}
