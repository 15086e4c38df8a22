import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { LabwireError } from '../base/index.ts';

/** From where secrets come: a terminal is asked, and shows nothing of what is typed; anything else is read. */
export interface SecretInput {
  /** Whether somebody types it, who may mistype. */
  readonly typed: boolean;
  /** The next line, without its end. @throws LabwireError USAGE where there is none */
  next(prompt: string): Promise<string>;
  end(): void;
}

/**
 * @param input default standard input
 * @param output where the prompt is written; default standard error
 */
export function secretInput(
  input: NodeJS.ReadableStream & { readonly isTTY?: boolean } = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): SecretInput {
  const typed = input.isTTY === true;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reading = createInterface({ input, output: nowhere, terminal: typed });
  const lines = linesOf(reading);
  return {
    typed,
    async next(prompt) {
      if (typed) output.write(prompt);
      const line = await lines();
      if (typed) output.write('\n');
      if (line === undefined)
        throw new LabwireError('USAGE', 'No password was given: type it, or pass it on standard input');
      return line;
    },
    end: () => reading.close(),
  };
}

/** Each call gives the next line, and undefined at the end, or at Ctrl-C. */
function linesOf(reading: Interface): () => Promise<string | undefined> {
  const iterator = reading[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await iterator.next();
    return done ? undefined : String(value);
  };
}
