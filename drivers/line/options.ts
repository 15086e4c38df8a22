import { type ChannelFacts, schemaParts, z } from '../../src/index.ts';

const channel = schemaParts.channelFacts.extend({
  column: z.int().min(1).max(1000).optional().describe('csv: the column, counted from 1.'),
  key: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(16)])
    .optional()
    .describe("json: the key, default the channel's id; a list leads into objects within objects."),
});

/** The section `line` of a device: how its lines are read. */
export const lineOptions = z
  .strictObject({
    format: z.enum(['json', 'csv']).optional().describe('What a line is, where there is no pattern.'),
    pattern: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .describe('A regular expression for the lines that count, with a group for each channel: ^T=(?<t>\\S+)'),
    separator: z
      .string()
      .min(1)
      .max(4)
      .optional()
      .describe('csv: what stands between columns, default a comma. One blank stands for any number of them.'),
    decimal: z.enum(['.', ',']).optional().describe('What numbers have before their fraction; default a point.'),
    channels: z.record(schemaParts.id, channel).describe('What is in the line, by channel.'),
  })
  .superRefine(({ format, pattern, separator = ',', decimal, channels }, context) => {
    const issue = (path: PropertyKey[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    if ((format === undefined) === (pattern === undefined)) issue([], 'needs a format, json or csv, or else a pattern');
    if (format === 'csv' && separator === decimal) issue(['decimal'], 'is the separator of the columns too');
    if (Object.keys(channels).length === 0) issue(['channels'], 'needs at least one channel');
    const groups = pattern === undefined ? undefined : groupsOf(pattern);
    if (typeof groups === 'string') return issue(['pattern'], `must be a regular expression (${groups})`);
    for (const [id, { column, key }] of Object.entries(channels)) {
      if (format === 'csv' && column === undefined) issue(['channels', id], 'needs its column, counted from 1');
      if (format !== 'csv' && column !== undefined) issue(['channels', id, 'column'], 'is for csv alone');
      if (format !== 'json' && key !== undefined) issue(['channels', id, 'key'], 'is for json alone');
      if (groups && !groups.has(id)) issue(['channels', id], `is not in the pattern, as the group (?<${id}>…)`);
    }
  })
  .describe('Of the models that print lines: how they are read.');

export type LineOptions = z.output<typeof lineOptions>;

/** The names of a pattern's groups, or in words why it has none. */
function groupsOf(pattern: string): Set<string> | string {
  try {
    new RegExp(pattern);
    // The empty alternative matches everything, and its match lists the groups of the other one.
    return new Set(Object.keys(new RegExp(`${pattern}|`).exec('')?.groups ?? {}));
  } catch (error) {
    // `Invalid regular expression: /…/: Unterminated group`
    return (error as Error).message.replace(/^.*: /s, '');
  }
}

/** The facts of the channels alone, as a catalogue entry has them. */
export function channelsOf(options: LineOptions): Record<string, ChannelFacts> {
  return Object.fromEntries(Object.entries(options.channels).map(([id, { column, key, ...facts }]) => [id, facts]));
}
