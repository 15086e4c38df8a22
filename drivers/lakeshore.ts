import {
  bad,
  type Exchange,
  Instrument,
  LabwireError,
  type Reason,
  type RecordValue,
  type RecordValues,
  setting,
  task,
} from '../src/index.ts';
import { decimal } from './number.ts';

/**
 * Bits of RDGST? by what they mean for the reading, those that name a cause before those that do not. An open sensor
 * drives its signal over the range; a signal of exactly zero comes from a shorted or absent one, not from the cold, so it
 * is a fault and no under-range. Bit 1, and any that the manual does not name, say only that there is no valid reading.
 */
const CAUSES: readonly (readonly [bits: number, reason: Reason])[] = [
  [64, 'sensor_fault'],
  [128, 'over_range'],
  [32, 'over_range'],
  [16, 'under_range'],
];

/** What old models write in place of a number. */
const WORDS: Readonly<Record<string, Reason>> = {
  'S.OVER': 'over_range',
  'T.OVER': 'over_range',
  'S.UNDER': 'under_range',
  'T.UNDER': 'under_range',
};

/**
 * Lake Shore temperature monitors: 218 and its relatives, which answer `KRDG? 0` with all inputs. Channels are named
 * after the inputs, `input1` or `input_a`, and stand in the catalogue in the order of that answer.
 *
 * A number is there also where an input has no sensor, so each is recorded only with its status. Sources: Lake Shore 218
 * User's Manual, ch. 6; the words for over and under range are of old models and were not met in a capture.
 */
export class LakeShore extends Instrument {
  /** All readings at once, `+027.100` each, and a status of three digits for each input. */
  static exchanges(_options: unknown, channels: readonly string[]): Exchange[] {
    const status = { sent: 'RDGST? 1\r\n'.length, received: '000\r\n'.length };
    const readings = { sent: 'KRDG? 0\r\n'.length, received: channels.length * '+027.100,'.length + 1 };
    return [readings, ...channels.map(() => status)];
  }

  readonly interval = setting(1, { unit: 's', minimum: 0.1, doc: 'Time between two readings of all inputs.' });

  readonly acquire = task({ autostart: true, doc: 'Reads all inputs.' }, async ({ every, signal }) => {
    this.#status.clear();
    for await (const _ of every(this.interval)) {
      const kelvin = await this.#ask('KRDG? 0', signal);
      const at = this.link.lastArrival;
      this.record(await this.#judged(kelvin, signal), at);
    }
  });

  /** By channel, the status that followed the last reading. */
  readonly #status = new Map<string, number>();

  async #judged(reply: string, signal: AbortSignal): Promise<RecordValues> {
    const readings = reply.split(',');
    const { channelIds } = this;
    if (readings.length !== channelIds.length) {
      throw new LabwireError(
        'REPLY_UNEXPECTED',
        `KRDG? 0 was answered with ${readings.length} readings, ${JSON.stringify(reply)}, but the model has ` +
          `${channelIds.length} inputs; check "model"`,
      );
    }
    const values: Record<string, RecordValue> = {};
    for (const [index, channel] of channelIds.entries()) {
      if (!this.wants(channel)) continue;
      const before = this.#status.get(channel) ?? 0;
      const after = status(await this.#ask(`RDGST? ${inputName(channel)}`, signal));
      this.#status.set(channel, after);
      // The reading lies between two looks at the status, and is good only if both are: a sensor that is plugged in
      // between them would else give a good 0 K.
      values[channel] = judge(readings[index] ?? '', before | after);
    }
    return values;
  }

  async #ask(question: string, signal: AbortSignal): Promise<string> {
    const reply = await this.link.query(question, { signal });
    if (/[\x80-\xff]/.test(reply)) {
      throw new LabwireError(
        'REPLY_UNEXPECTED',
        `The answer to ${question} has bytes with bit 7 set, which is parity read as data; set "serial: ` +
          '{ dataBits: 7, parity: odd }"',
      );
    }
    return reply;
  }
}

/** `input3` is the instrument's input 3, `input_a` its input A. */
function inputName(channel: string): string {
  return channel.replace(/^input_?/, '').toUpperCase();
}

function status(reply: string): number {
  const text = reply.trim();
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new LabwireError('REPLY_UNEXPECTED', `RDGST? was answered with ${JSON.stringify(reply)}, which is no status`);
}

/** What a reading, in K as the instrument writes it, is worth with its status. */
function judge(reading: string, bits: number): RecordValue {
  const text = reading.trim();
  const cause = CAUSES.find(([bit]) => (bits & bit) !== 0)?.[1] ?? WORDS[text];
  if (cause !== undefined) return bad(cause);
  return bits === 0 ? (decimal(text) ?? bad('invalid')) : bad('invalid');
}
