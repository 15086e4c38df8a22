import { expect, test } from 'vitest';
import { lineOptions } from '../../drivers/line/options.ts';

function mistakes(section: unknown): string[] {
  const { error } = lineOptions.safeParse(section);
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
}

test.each([
  [{ format: 'json', channels: { t: { unit: '°C' }, rh: {} } }],
  [{ format: 'csv', separator: ';', decimal: ',', channels: { t: { column: 1 } } }],
  [{ pattern: '^T=(?<t>\\S+)', channels: { t: {} } }],
  [{ pattern: '(?:T=(?<t>\\S+))? (?<other>x)|(?<rh>y)', channels: { t: {}, rh: {} } }],
])('a right section is taken: %j', (section) => {
  expect(mistakes(section)).toEqual([]);
});

test.each([
  ['no format', { channels: { t: {} } }, ': needs a format, json or csv, or else a pattern'],
  [
    'a format and a pattern',
    { format: 'json', pattern: '(?<t>x)', channels: { t: {} } },
    ': needs a format, json or csv, or else a pattern',
  ],
  ['no channel', { format: 'json', channels: {} }, 'channels: needs at least one channel'],
  ['csv without a column', { format: 'csv', channels: { t: {} } }, 'channels.t: needs its column, counted from 1'],
  ['json with a column', { format: 'json', channels: { t: { column: 1 } } }, 'channels.t.column: is for csv alone'],
  ['csv with a key', { format: 'csv', channels: { t: { column: 1, key: 'T' } } }, 'channels.t.key: is for json alone'],
  [
    'a channel without its group',
    { pattern: '^T=(\\S+)', channels: { t: {} } },
    'channels.t: is not in the pattern, as the group (?<t>…)',
  ],
  [
    'a comma for two things',
    { format: 'csv', decimal: ',', channels: { t: { column: 1 } } },
    'decimal: is the separator of the columns too',
  ],
])('a section with %s is told so', (_, section, mistake) => {
  expect(mistakes(section)).toEqual([mistake]);
});

test.each([
  ['^T=(?<t>', 'Unterminated group'],
  ['a: (?<t>x', 'Unterminated group'],
  ['(?<t>x)\\', '\\ at end of pattern'],
])('the pattern %s is told why it is no regular expression, in words without it', (pattern, why) => {
  expect(mistakes({ pattern, channels: { t: {} } })).toEqual([`pattern: must be a regular expression (${why})`]);
});
