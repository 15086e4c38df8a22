import { type Frame, FrameError, Instrument, LabwireError, type RecordValues, task, z } from '../src/index.ts';
import { type Reading, read } from './nmea0183/readings.ts';
import { parseSentence } from './nmea0183/sentence.ts';

const options = z
  .strictObject({
    requireChecksum: z
      .boolean()
      .optional()
      .describe('Take only sentences with a checksum; default true. Some old receivers send none.'),
  })
  .prefault({})
  .describe('Of an instrument that talks NMEA 0183.');

/** Lines in a row without a sentence after which the line is taken for wrongly set. */
const HOPELESS = 50;

/**
 * Two sentences may say the same more and less well: then the better one is taken, as long as it comes. The fix of RMC
 * does not know all that GGA's quality says, GSA is one per system, and the compass of HDG is not that of HDT.
 */
const LEADING: ReadonlyMap<string, string> = new Map([
  ['fix', 'GGA'],
  ['hdop', 'GGA'],
  ['heading', 'HDT'],
]);
const LEAD_US = 10_000_000;

/**
 * NMEA 0183 talkers: GNSS receivers, depth sounders, compasses. Reads GGA, RMC, GLL, VTG, GSA, ZDA, DPT, DBT, HDT, HDG
 * and MTW of any talker; other valid sentences are passed over. One sample per sentence.
 *
 * The parser is labwire's own: the best kept on npm (nmea-simple 3.3) reads an empty field as 0, so
 * that a lost position is one in the Gulf of Guinea.
 *
 * Sources: captures of fourteen receivers with gpsd's reading of them. HDG, HDT and DBT were not met in a capture.
 */
export class Nmea0183 extends Instrument {
  static readonly options = options;

  readonly acquire = task({ autostart: true, doc: 'Listens to the talker.' }, async ({ signal }) => {
    this.#rejected = 0;
    for await (const frame of this.frames(signal)) this.#take(frame);
  });

  #rejected = 0;
  readonly #led = new Map<string, number>();

  get #requireChecksum(): boolean {
    return (this.options as z.output<typeof options> | undefined)?.requireChecksum ?? true;
  }

  #take({ text, at }: Frame): void {
    let reading: Reading | undefined;
    try {
      const sentence = parseSentence(text, this.#requireChecksum);
      // A doubled `$` loses nothing; any other text was a sentence, or a part of one.
      if (!/^[$\s\0]*$/.test(sentence.skipped)) this.drop('invalid');
      reading = read(sentence);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#reject(error);
      return;
    }
    this.#rejected = 0;
    if (reading) this.record(this.#weigh(reading, at), at);
  }

  #reject(error: FrameError): void {
    this.drop(error.reason);
    if (++this.#rejected < HOPELESS) return;
    const remedy =
      error.reason === 'checksum_missing'
        ? 'if the instrument sends none, set "nmea0183: { requireChecksum: false }"'
        : 'check the baud rate';
    throw new LabwireError('FRAME_INVALID', `None of ${HOPELESS} lines was a valid sentence; ${remedy}`, {
      cause: error,
    });
  }

  /** Leaves out what a better sentence has said lately. */
  #weigh({ type, values }: Reading, at: number): RecordValues {
    let kept = values;
    for (const [channel, leader] of LEADING) {
      if (values[channel] === undefined) continue;
      if (type === leader) this.#led.set(channel, at);
      // The distance either way: after a step of the wall clock the last word may lie in the future.
      else if (Math.abs(at - (this.#led.get(channel) ?? Number.NEGATIVE_INFINITY)) < LEAD_US) {
        kept = { ...kept, [channel]: undefined };
      }
    }
    return kept;
  }
}
