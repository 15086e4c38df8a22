import { type ChannelFacts, type Frame, Instrument, task } from '../src/index.ts';
import { channelsOf, type LineOptions, lineOptions } from './line/options.ts';
import { type LineReader, lineReader } from './line/reader.ts';
import { textOfLine } from './line/text.ts';

/**
 * Anything that prints lines: an Arduino, a logger. What a line is, the section `line` says: JSON, CSV, or whatever
 * matches a regular expression. One sample per line that counts; the others are counted as dropped.
 */
export class Line extends Instrument {
  static readonly options = lineOptions;

  static channelsFrom(options: LineOptions): Record<string, ChannelFacts> {
    return channelsOf(options);
  }

  readonly acquire = task({ autostart: true, doc: 'Listens to the lines.' }, async ({ signal }) => {
    const options = this.options as LineOptions;
    const read = lineReader(options);
    // Half a line of JSON is no JSON, but the rest of `21.5,40` is `5,40`, which nobody can tell from a whole line.
    const tellsWhole = options.format === 'json';
    for await (const frame of this.frames(signal)) {
      if (frame.partial && !tellsWhole) this.drop('partial');
      else this.#take(frame, read);
    }
  });

  #take({ text, at }: Frame, read: LineReader): void {
    if (text.trim() === '') return;
    const values = read(textOfLine(text));
    if (typeof values === 'string') this.drop(values);
    else this.record(values, at);
  }
}
