import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bad, type ChannelValue, uncertain } from '../../src/instrument/index.ts';
import type { JournalRecord } from '../../src/journal/index.ts';
import { readRows } from '../../src/journal/read-rows.ts';
import { type EncodedRecords, RecordDecoder, RecordEncoder } from '../../src/journal/record-codec.ts';
import { description, event, sample } from '../sinks/parts.ts';

/** What the file does: each line is a row, a description's body is NULL. */
function stored({ text, sources }: EncodedRecords): { text: string; sources: [number, string][] } {
  const lines = text.split('\n').slice(0, -1);
  const rows = lines.map((line, i) => {
    const [source = '', time = ''] = line.split(' ', 2);
    return `[${i + 1},${source},${time},${line.slice(source.length + time.length + 2) || 'null'}]`;
  });
  return { text: `[${rows.join(',\n')}]`, sources: sources.map((source) => [source.id, source.text]) };
}

const scalar = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.string({ unit: 'binary' }),
);
const value: fc.Arbitrary<ChannelValue> = fc.oneof(
  scalar,
  fc.constantFrom('stale', 'over_range').map((reason) => bad(reason as 'stale')),
  scalar.map((kept) => uncertain(kept, 'unstable')),
);
const values = fc.dictionary(fc.constantFrom('t1', 't2', 't3', 'not_described'), value);
const sources = [
  description(),
  description({ device: 'oven', tags: { room: 'a "b"\n' } }),
  description({ channels: new Map() }),
];
const record: fc.Arbitrary<JournalRecord> = fc.oneof(
  fc
    .record({ values, source: fc.constantFrom(...sources), time: fc.integer({ min: 0, max: 2 ** 51 }) })
    .map((made) => sample(made.values, made.source, made.time)),
  fc.constantFrom(...sources).map((source): JournalRecord => ({ kind: 'description', sequence: 0, time: 5, source })),
  fc.string({ unit: 'binary' }).map((text) => event({ text, device: 'oven' })),
);

describe('records as the journal writes them', () => {
  test('come back as they were, whatever they say', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), (records) => {
        const rows = stored(new RecordEncoder().encode(records));
        const back = readRows(new RecordDecoder(), rows);
        expect(back.damaged).toBe(0);
        expect(back.records).toEqual(records.map((one, i) => ({ ...one, sequence: i + 1 })));
      }),
    );
  });

  test('have no number where the value is none', () => {
    const given = sample({ t1: Number.NaN, t2: Number.POSITIVE_INFINITY, t3: uncertain(Number.NaN, 'unstable') });
    const { records } = readRows(new RecordDecoder(), stored(new RecordEncoder().encode([given])));
    expect(records).toMatchObject([{ values: { t1: bad('invalid'), t2: bad('invalid'), t3: bad('unstable') } }]);
  });

  test('tell each description once', () => {
    const encoder = new RecordEncoder();
    const source = description();
    expect(encoder.encode([sample({}, source), sample({}, source)]).sources).toHaveLength(1);
    expect(encoder.encode([sample({}, source)]).sources).toHaveLength(0);
  });

  test('that are damaged are left out, and never their neighbours; nothing makes the reader throw', () => {
    const rows = stored(new RecordEncoder().encode(Array.from({ length: 20 }, (_, i) => sample({ t1: i }))));
    const lines = rows.text.slice(1, -1).split(',\n');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 19 }), fc.string({ unit: 'binary' }), (at, garbage) => {
        const body = garbage.replaceAll('\n', '');
        const text = `[${lines.with(at, `[${at + 1},1,5,${body}]`).join(',\n')}]`;
        const { records, damaged } = readRows(new RecordDecoder(), { ...rows, text });
        expect(records.length + damaged).toBe(20);
        expect(records.length).toBeGreaterThanOrEqual(19);
      }),
    );
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, source) => {
        expect(readRows(new RecordDecoder(), { text: '[]', sources: [[1, source]] }).records).toEqual([]);
        readRows(new RecordDecoder(), { text: `[[1,1,5,${text}]]`, sources: rows.sources });
      }),
    );
  });
});
