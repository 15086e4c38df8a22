import { ReadlineParser } from '@serialport/parser-readline';
import { LabwireError } from '../../base/index.ts';
import type { DropListener, Frame, Framer, Framing } from './framing.ts';

export interface LineOptions {
  /**
   * What ends a received line: a string, or several single characters of which each ends one. Left out: a line feed,
   * and a carriage return before it belongs to no line, since instruments of one family differ in that.
   */
  readonly receive?: string | readonly string[];
  /** What is appended to each sent line; may be empty. */
  readonly send: string;
  /** Longest received line in bytes, without its terminator; default 4096. */
  readonly maxLength?: number;
}

const DEFAULT_MAX_LENGTH = 4096;

/**
 * Lines of text, the framing of most instruments. An empty line is no frame. A line longer than `maxLength` is dropped
 * (reason `too_long`, counted once, with the bytes seen when the limit was passed), and the next one is whole again.
 *
 * @throws LabwireError VALUE_INVALID when a terminator is empty, or one of several is not a single character
 */
export function lines(options: LineOptions): Framing {
  const maxLength = options.maxLength ?? DEFAULT_MAX_LENGTH;
  const receive = options.receive ?? '\n';
  const terminators = typeof receive === 'string' ? [receive] : receive;
  const [first] = terminators;
  if (!first || (terminators.length > 1 && terminators.some((terminator) => terminator.length !== 1)))
    throw new LabwireError(
      'VALUE_INVALID',
      `A line ends with a string, or with one of several single characters: ${JSON.stringify(receive)} is neither`,
    );
  const cut: Cut = {
    terminator: Buffer.from(first, 'latin1'),
    others: terminators.slice(1).map((terminator) => terminator.charCodeAt(0)),
    stripReturn: options.receive === undefined,
    maxLength,
  };
  return {
    createFramer: (onFrame, onDrop) => new LineFramer(cut, onFrame, onDrop),
    encode: (text) => Buffer.from(text + options.send, 'latin1'),
  };
}

/** How received bytes are cut. */
interface Cut {
  readonly terminator: Buffer;
  /** Further single bytes that end a line. */
  readonly others: readonly number[];
  readonly stripReturn: boolean;
  readonly maxLength: number;
}

/**
 * `@serialport/parser-readline` behind a guard: by itself it has no bound, and searches all that it holds with each
 * chunk, so that megabytes without a terminator would block the process.
 */
class LineFramer implements Framer {
  readonly #cut: Cut;
  readonly #onFrame: (frame: Frame) => void;
  readonly #onDrop: DropListener;
  /** A begun line of so many bytes can no longer become one of at most `maxLength`: its end may have begun. */
  readonly #limit: number;
  #parser: ReadlineParser;
  #at = 0;
  /** Set while the rest of a line that was too long is passed over: the bytes in which its terminator may have begun. */
  #skipped: Buffer | undefined;

  constructor(cut: Cut, onFrame: (frame: Frame) => void, onDrop: DropListener) {
    this.#cut = cut;
    this.#onFrame = onFrame;
    this.#onDrop = onDrop;
    this.#limit = cut.maxLength + cut.terminator.length - 1 + (cut.stripReturn ? 1 : 0);
    this.#parser = this.#createParser();
  }

  get hasBegun(): boolean {
    return this.#skipped !== undefined || this.#parser.buffer.length > 0;
  }

  push(bytes: Buffer, at: number): void {
    this.#at = at;
    let rest = this.#cut.others.length === 0 ? bytes : unify(bytes, this.#cut);
    if (this.#skipped) {
      const next = this.#skip(this.#skipped, rest);
      if (!next) return;
      rest = next;
    }
    this.#parser.write(rest);
    const begun = this.#parser.buffer;
    if (begun.length <= this.#limit) return;
    this.#skipped = this.#tail(begun);
    this.#parser = this.#createParser();
    this.#onDrop('too_long', begun.length);
  }

  reset(): number {
    const begun = this.#parser.buffer.length;
    if (begun > 0) this.#parser = this.#createParser();
    this.#skipped = undefined;
    return begun;
  }

  #createParser(): ReadlineParser {
    const parser = new ReadlineParser({ delimiter: this.#cut.terminator, encoding: 'latin1' });
    // `data` comes within `write()`: the stream flows and is never read by hand.
    parser.on('data', (line: string) => this.#take(line));
    return parser;
  }

  #take(line: string): void {
    const text = this.#cut.stripReturn && line.endsWith('\r') ? line.slice(0, -1) : line;
    if (text.length > this.#cut.maxLength) this.#onDrop('too_long', line.length);
    else if (text.length > 0) this.#onFrame({ text, at: this.#at });
  }

  /** What follows the terminator of the line that is passed over, or nothing. */
  #skip(tail: Buffer, bytes: Buffer): Buffer | undefined {
    const { terminator } = this.#cut;
    const joined = tail.length === 0 ? bytes : Buffer.concat([tail, bytes]);
    const end = joined.indexOf(terminator);
    this.#skipped = end === -1 ? this.#tail(joined) : undefined;
    return end === -1 ? undefined : joined.subarray(end + terminator.length);
  }

  #tail(bytes: Buffer): Buffer {
    return Buffer.from(bytes.subarray(Math.max(0, bytes.length - this.#cut.terminator.length + 1)));
  }
}

/** The parser knows one terminator: all others are made that one. */
function unify(bytes: Buffer, cut: Cut): Buffer {
  const first = cut.terminator[0] ?? 0;
  const unified = Buffer.from(bytes);
  for (const [index, byte] of bytes.entries()) if (cut.others.includes(byte)) unified[index] = first;
  return unified;
}
