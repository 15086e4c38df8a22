import { z } from 'zod';
import { canonicalUnit, parseDuration, parseSize } from '../base/index.ts';

/** Key of a JSON Schema that tells readers which kind of text a `string` is. */
export const WRITTEN_AS = 'x-written-as';

/** Ids of gateways, devices, channels and sinks. */
export const ID_PATTERN = /^[a-z][a-z0-9_]{0,62}$/;
export const id = z
  .string()
  .regex(ID_PATTERN, 'must be a small letter followed by small letters, digits or _ (63 at most)')
  // It becomes the name of a member, and this one every object has.
  .refine((text) => text !== 'constructor', 'is reserved (constructor); choose another');

/** Members of a class: settings, commands, tasks. */
export const memberName = z
  .string()
  .regex(/^[a-z][A-Za-z0-9_]{0,62}$/, 'must be a small letter followed by letters, digits or _ (63 at most)');

export const modelId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be small letters, digits and -, as `labwire models` lists them');

/** A duration in seconds, written as `500ms`, `1s`, `5min`, `30d` or a number of seconds. */
export const duration = z
  .union([z.number(), z.string()])
  .transform((value, context) => {
    const seconds = parseDuration(value);
    if (seconds !== undefined) return seconds;
    context.addIssue({
      code: 'custom',
      message: 'must be a duration such as 500ms, 1s, 5min, 2h, 30d or a number of seconds',
    });
    return z.NEVER;
  })
  .meta({
    description: 'A duration: 500ms, 1s, 5min, 2h, 30d, or a number of seconds.',
    [WRITTEN_AS]: 'duration',
  });

export const positiveDuration = duration.refine((seconds) => seconds > 0, 'must be longer than 0');

/** Whole bytes, written as `500MB`, `2GB` or a number of bytes. */
export const size = z
  .union([z.number(), z.string()])
  .transform((value, context) => {
    const bytes = parseSize(value);
    if (bytes !== undefined) return bytes;
    context.addIssue({ code: 'custom', message: 'must be a size such as 500MB, 2GB or a number of bytes' });
    return z.NEVER;
  })
  .meta({ description: 'A size: 500MB, 2GB, or a number of bytes.', [WRITTEN_AS]: 'size' });

export const unit = z.string().min(1).max(32).transform(canonicalUnit).describe('A unit, e.g. °C, mbar, L/min.');

export const serialSettings = z
  .strictObject({
    baudRate: z.number().int().min(50).max(4_000_000).describe('Bits per second; default 9600.'),
    dataBits: z.union([z.literal(5), z.literal(6), z.literal(7), z.literal(8)]).describe('Default 8.'),
    parity: z.enum(['none', 'even', 'odd', 'mark', 'space']).describe('Default none.'),
    stopBits: z.union([z.literal(1), z.literal(1.5), z.literal(2)]).describe('Default 1.'),
    rtscts: z.boolean().describe('Hardware flow control; default off.'),
    xon: z.boolean().describe('Software flow control; default off.'),
    hupcl: z.boolean().describe('Drop DTR at close, which resets an Arduino; default off.'),
    dtr: z.boolean().describe('Level of DTR after an opening; default as the system sets it.'),
    rts: z.boolean().describe('Level of RTS after an opening; default as the system sets it.'),
    break: positiveDuration
      .refine((seconds) => seconds <= 5, 'must be at most 5s')
      .describe('A break of this length after each opening; default none.'),
    lock: z.boolean().describe('Keep other programs from opening the port; default on.'),
    echo: z.boolean().describe('The adapter returns what is sent, as some for two-wire RS-485 do; default off.'),
  })
  .partial()
  .describe('How the serial line is set.');

/** Which of several instruments on one line: a number, or what an addressed text protocol puts before its commands. */
export const address = z
  .union([z.number().int().min(0).max(65_535), z.string().min(1).max(16)])
  .describe('The address of the instrument on a line that it shares.');

const terminator = z.string().min(1).max(8);
export const framing = z
  .strictObject({
    lines: z
      .union([
        terminator,
        z.strictObject({
          receive: z
            .union([terminator, z.array(terminator).min(1).max(4)])
            .optional()
            .describe('What a line of the instrument ends with, or a list of what it may end with.'),
          send: terminator.optional().describe('What is put behind each question.'),
          maxLength: z.number().int().min(1).max(1_048_576).optional().describe('Bytes; default 4096.'),
        }),
      ])
      .describe('The terminator, e.g. "\\r\\n", where both sides use the same; else a mapping.'),
  })
  .describe('How frames are cut out of the bytes: by the terminator of a line.');

export const timing = z
  .strictObject({
    spacing: duration.describe('Least time between two transactions.'),
    firstByte: positiveDuration.describe('Limit from a question to the first byte of its answer.'),
    reply: positiveDuration.describe('Limit from a question to the end of its answer; default 1s.'),
    retries: z.number().int().min(0).max(10).describe('How often a question is asked again; default 1.'),
    settle: duration.describe('Time after an opening in which what arrives is discarded; default 50ms.'),
    silence: positiveDuration.describe('Longest time without a word from an instrument that talks by itself.'),
  })
  .partial()
  .describe('How long is waited for what.');

/** What a channel is: the same facts in a catalogue entry and in a site's configuration. */
export const channelFacts = z
  .strictObject({
    type: z.enum(['number', 'integer', 'boolean', 'text', 'enum']).describe('Default number.'),
    kind: z.enum(['measurement', 'total', 'total_increasing']).describe('Default measurement.'),
    unit,
    quantity: z.string().min(1).max(63).describe('What is measured, e.g. temperature.'),
    range: z
      .tuple([z.number(), z.number()])
      .refine(([lowest, highest]) => lowest < highest, 'must be [lowest, highest]')
      .describe('What the sensor can measure, in its unit.'),
    resolution: z.number().positive().describe('The smallest step that means something, in the unit.'),
    options: z.array(z.string().min(1).max(63)).min(1).max(256).describe('The words of an enum.'),
    label: z.string().max(200).describe('For people.'),
  })
  .partial();
export type ChannelFacts = z.output<typeof channelFacts>;

/** Options of the tasks by their names. What each may be, the tasks themselves know. */
export const taskOptions = z
  .record(memberName, z.record(z.string(), z.union([z.boolean(), z.number(), z.string()])))
  .describe("Options of the device's tasks, e.g. acquire: { restartSec: 2 }.");

export const settingValues = z.record(memberName, z.union([z.boolean(), z.number(), z.string()]));
