import type { LabwireError } from '../../base/index.ts';
import type { Answer, InfluxServer } from './influx-server.ts';

/** Why nothing can be written at all for now. */
export type Outage = Exclude<Answer, { kind: 'done' | 'refused' | 'too-large' }>;

/** A point that the server refused for good. */
export interface Refused {
  readonly line: string;
  readonly error: LabwireError;
}

/** What became of a batch: all of it is with the server, but for what it refused; or an outage, and it is to be written anew. */
export type Written = { readonly refused: readonly Refused[] } | { readonly outage: Outage };

/** Below the 1 MiB that a web server before the database lets through if nobody told it otherwise. */
const LARGEST_BYTES = 900_000;

/**
 * Brings points to the server in as few requests as it takes. Those that it refuses are found by halving, and left out;
 * the good ones of a half that was refused are with the server already, but writing a point twice does no harm: it
 * overwrites itself.
 */
export class PointWriter {
  readonly #server: InfluxServer;
  readonly #onJudged: () => void;
  #largest = LARGEST_BYTES;

  /** @param onJudged called at each answer that says something of the points, so that there is no outage */
  constructor(server: InfluxServer, onJudged: () => void) {
    this.#server = server;
    this.#onJudged = onJudged;
  }

  /** About the most bytes that a request should have; it becomes less where the server finds that too large. */
  get largest(): number {
    return this.#largest;
  }

  async write(lines: readonly string[], signal: AbortSignal): Promise<Written> {
    const refused: Refused[] = [];
    const outage = await this.#write(lines, refused, signal, false);
    return outage ? { outage } : { refused };
  }

  async #write(
    lines: readonly string[],
    refused: Refused[],
    signal: AbortSignal,
    sorted: boolean,
  ): Promise<Outage | undefined> {
    const answer = await this.#server.write(lines, signal);
    switch (answer.kind) {
      case 'done':
        this.#onJudged();
        return undefined;
      case 'too-large':
        this.#onJudged();
        // A point that is too large by itself says nothing of others.
        if (lines.length === 1) break;
        this.#largest = Math.min(this.#largest, sizeOf(lines) >> 1);
        return this.#halves(lines, refused, signal, sorted);
      case 'refused':
        this.#onJudged();
        if (lines.length > 1 && !answer.all)
          return this.#halves(sorted ? lines : byShape(lines), refused, signal, true);
        break;
      default:
        return answer;
    }
    for (const line of lines) refused.push({ line, error: answer.error });
    return undefined;
  }

  async #halves(
    lines: readonly string[],
    refused: Refused[],
    signal: AbortSignal,
    sorted: boolean,
  ): Promise<Outage | undefined> {
    const middle = lines.length >> 1;
    return (
      (await this.#write(lines.slice(0, middle), refused, signal, sorted)) ??
      (await this.#write(lines.slice(middle), refused, signal, sorted))
    );
  }
}

/** Characters, line ends included: about the bytes, since most text is ASCII. */
function sizeOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

/** What is refused for the same reason mostly has the same tags, fields and types: side by side it is found at once. */
function byShape(lines: readonly string[]): string[] {
  const shapes = lines.map((line) => ({ line, shape: shape(line) }));
  return shapes.sort((a, b) => (a.shape < b.shape ? -1 : a.shape > b.shape ? 1 : 0)).map(({ line }) => line);
}

function shape(line: string): string {
  return line
    .replace(/"(?:[^"\\]|\\.)*"/g, '"')
    .replace(/=-?\d[\d.e+-]*/gi, '=0')
    .replace(/ \d+$/, '');
}
