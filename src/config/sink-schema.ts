import { z } from 'zod';
import { schemaParts } from '../instrument/index.ts';
import { exactlyOne, line } from './port-schema.ts';

export const url = (...schemes: string[]): z.ZodString =>
  z
    .string()
    .regex(new RegExp(`^(${schemes.join('|')})://[^\\s/][^\\s]*$`), `must be a URL such as ${schemes[0]}://localhost`);

/** Under which a broker, database or folder has its offset in the journal, and its status. */
export const sinkName = schemaParts.id
  .optional()
  .describe('Under which it has its place in the journal, and its status; needed where there are several.');

const MOST_OF_A_KIND = 16;

/** One of a kind, or a list of several, each with a name. */
export function oneOrMore<T extends z.ZodType<{ name?: string | undefined }>>(
  one: T,
): z.ZodUnion<readonly [T, z.ZodArray<T>]> {
  const several = z
    .array(one)
    .min(1)
    .max(MOST_OF_A_KIND)
    .superRefine((all, context) => {
      for (const [index, { name }] of all.entries())
        if (name === undefined)
          context.addIssue({ code: 'custom', path: [index], message: 'needs a name, since it stands in a list' });
    });
  return z.union([one, several]);
}

const HOUR_S = 3600;
const DAY_S = 86_400;

export const influx = z
  .strictObject({
    name: sinkName,
    url: url('http', 'https').describe('Of the database, e.g. http://localhost:8086.'),
    database: line(200).optional().describe('InfluxDB 1: the name of the database.'),
    create: z.boolean().optional().describe('Whether a missing database is made; default true.'),
    retention: schemaParts.positiveDuration
      .refine((seconds) => seconds >= HOUR_S, 'must be at least 1h')
      .optional()
      .describe('How long a database that is made keeps its points; default for ever.'),
    username: z.string().min(1).optional().describe('InfluxDB 1, where it asks who it is.'),
    password: z.string().optional().describe('Best from outside, by an environment variable or a file.'),
    token: z.string().min(1).optional().describe('InfluxDB 2 and 3: what permits writing.'),
    org: line(200).optional().describe('InfluxDB 2: the organisation.'),
    bucket: line(200).optional().describe('InfluxDB 2 and 3: instead of a database. It must be there already.'),
  })
  .superRefine((value, context) => {
    exactlyOne(value, ['database', 'bucket'], context);
    if (value.bucket !== undefined && value.token === undefined) {
      context.addIssue({ code: 'custom', message: 'needs a token beside the bucket' });
    }
    for (const key of ['create', 'retention'] as const) {
      if (value.bucket === undefined || value[key] === undefined) continue;
      context.addIssue({ code: 'custom', path: [key], message: 'is for a database: labwire makes no bucket' });
    }
    if (value.password !== undefined && value.username === undefined) {
      context.addIssue({ code: 'custom', message: 'has a password without a username' });
    }
  })
  .describe('The database: url and database for InfluxDB 1; url, token, org and bucket for 2 and 3.');

export const files = z
  .strictObject({
    name: sinkName,
    path: line(4096).describe('The folder, relative to this file; it gets one folder for each device.'),
    format: z.enum(['csv', 'jsonl']).default('csv').describe('Comma-separated values, or a JSON object per line.'),
    rotate: schemaParts.positiveDuration
      .refine((seconds) => seconds === HOUR_S || seconds === DAY_S, 'must be 1h or 1d')
      .prefault('1d')
      .describe('A new file each hour or each day, in UTC; default 1d.'),
    maxSize: schemaParts.size
      .refine((bytes) => bytes >= 1000, 'must be at least 1kB')
      .prefault('100MB')
      .describe('A file that has grown so large is followed by another; default 100MB.'),
  })
  .describe('Files of all samples, in a folder.');

export type InfluxConfiguration = z.output<typeof influx>;
export type FilesConfiguration = z.output<typeof files>;

/** Places of names that another sink, of whatever kind, has already. */
export function repeatedNames(
  configuration: { readonly [kind in 'mqtt' | 'influx' | 'files']?: unknown },
): (string | number)[][] {
  const known = new Set<string>();
  const repeated: (string | number)[][] = [];
  for (const kind of ['mqtt', 'influx', 'files'] as const) {
    const given = configuration[kind];
    const list: { name?: string }[] = given === undefined ? [] : Array.isArray(given) ? given : [given];
    for (const [index, { name = kind }] of list.entries()) {
      if (known.has(name)) repeated.push(Array.isArray(given) ? [kind, index, 'name'] : [kind, 'name']);
      known.add(name);
    }
  }
  return repeated;
}
