import { FrameError } from '../../src/index.ts';

/** A sentence whose checksum is right. */
export interface Sentence {
  /** Two letters for the kind of talker and three for the type, e.g. `GPGGA`; of a maker's own `P` and what they chose. */
  readonly address: string;
  /** What stands between the commas behind the address. */
  readonly fields: readonly string[];
  /** What stood in the line before the sentence's start. */
  readonly skipped: string;
}

/**
 * Takes a received line apart. The sentence begins at the last `$` or `!`: neither may stand within one, so what is before
 * it is a doubled start, noise, or a sentence that was cut.
 *
 * @param line one character for each byte, without the line's end
 * @param requireChecksum false: a sentence without a `*` is taken as it is
 * @throws FrameError, reason `invalid` (no sentence, or cut), `checksum` (wrong) or `checksum_missing`
 */
export function parseSentence(line: string, requireChecksum: boolean): Sentence {
  const start = Math.max(line.lastIndexOf('$'), line.lastIndexOf('!'));
  if (start < 0) throw new FrameError('FRAME_INVALID', 'invalid', 'A line has no start of a sentence');
  const star = line.lastIndexOf('*');
  const body = line.slice(start + 1, star > start ? star : undefined);
  if (star > start) compareChecksum(body, line.slice(star + 1).trimEnd());
  else if (requireChecksum) throw missing();
  const [address = '', ...fields] = body.split(',');
  return { address, fields, skipped: line.slice(0, start) };
}

function compareChecksum(body: string, sent: string): void {
  if (sent === '') throw missing();
  if (!/^[0-9A-Fa-f]{2}$/.test(sent)) {
    throw new FrameError('FRAME_INVALID', 'invalid', 'What follows the * of a sentence is no checksum');
  }
  if (checksum(body) !== Number.parseInt(sent, 16)) {
    throw new FrameError('FRAME_CHECKSUM', 'checksum', 'The checksum of a sentence is wrong');
  }
}

function missing(): FrameError {
  return new FrameError('FRAME_CHECKSUM', 'checksum_missing', 'A sentence has no checksum');
}

/** XOR of all bytes between the start and the `*`. */
function checksum(body: string): number {
  let sum = 0;
  for (let index = 0; index < body.length; index++) sum ^= body.charCodeAt(index);
  return sum;
}
