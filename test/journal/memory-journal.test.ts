import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryJournal } from '../../src/journal/index.ts';
import { sample } from '../sinks/parts.ts';

const append = (journal: MemoryJournal, count: number): void => {
  for (let i = 0; i < count; i++) journal.append(sample({ t1: i }));
};

const sequences = (journal: MemoryJournal, after: number, limit = 1000): number[] =>
  journal.read(after, limit).map(({ sequence }) => sequence);

describe('the memory journal', () => {
  test('numbers records from 1 and reads them in order behind a sequence', () => {
    const journal = new MemoryJournal();
    journal.offset('a');
    append(journal, 5);
    expect(journal.head).toBe(5);
    expect(sequences(journal, 0)).toEqual([1, 2, 3, 4, 5]);
    expect(sequences(journal, 2, 2)).toEqual([3, 4]);
    expect(sequences(journal, 5)).toEqual([]);
  });

  test('a new sink stands at the head of the moment when it first asks', () => {
    const journal = new MemoryJournal();
    append(journal, 3);
    expect(journal.offset('late')).toBe(3);
    append(journal, 2);
    expect(journal.offset('late')).toBe(3);
    expect(sequences(journal, journal.offset('late'))).toEqual([4, 5]);
  });

  test('keeps nothing for nobody, and nothing for a sink that is no more', () => {
    const journal = new MemoryJournal();
    append(journal, 3);
    expect(sequences(journal, 0)).toEqual([]);
    journal.offset('slow');
    append(journal, 3);
    journal.offset('quick');
    append(journal, 1);
    expect(sequences(journal, 0)).toEqual([4, 5, 6, 7]);
    journal.forget('slow');
    expect(sequences(journal, 0)).toEqual([7]);
    expect(journal.offset('slow')).toBe(7);
  });

  test('an offset never moves back and never beyond the head', () => {
    const journal = new MemoryJournal();
    journal.offset('a');
    append(journal, 10);
    journal.acknowledge('a', 7);
    journal.acknowledge('a', 3);
    expect(journal.offset('a')).toBe(7);
    journal.acknowledge('a', 99);
    expect(journal.offset('a')).toBe(10);
  });

  test('discards the oldest when it is full, and counts it for each sink that had not got it', () => {
    const journal = new MemoryJournal({ capacity: 4 });
    journal.offset('quick');
    journal.offset('slow');
    append(journal, 3);
    journal.acknowledge('quick', 3);
    append(journal, 4);
    expect(journal.dropped('quick')).toBe(0);
    expect(journal.dropped('slow')).toBe(3);
    expect(sequences(journal, journal.offset('slow'))).toEqual([4, 5, 6, 7]);
  });

  test('lets go of what every sink has', () => {
    const journal = new MemoryJournal();
    journal.offset('a');
    journal.offset('b');
    append(journal, 6);
    journal.acknowledge('a', 5);
    expect(sequences(journal, 0)).toHaveLength(6);
    journal.acknowledge('b', 4);
    expect(sequences(journal, 0)).toEqual([5, 6]);
  });

  test('calls each listener once for each append until it is removed', () => {
    const journal = new MemoryJournal();
    const heads: number[] = [];
    const remove = journal.onAppend(() => heads.push(journal.head));
    append(journal, 2);
    remove();
    append(journal, 1);
    expect(heads).toEqual([1, 2]);
  });

  test('whatever sinks do, each reads every record once and in order, or has it counted as dropped', () => {
    const step = fc.oneof(
      fc.record({ append: fc.integer({ min: 1, max: 9 }) }),
      fc.record({ sink: fc.constantFrom('a', 'b'), read: fc.integer({ min: 1, max: 9 }) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step, { maxLength: 60 }), (capacity, steps) => {
        const journal = new MemoryJournal({ capacity });
        const got = { a: [] as number[], b: [] as number[] };
        journal.offset('a');
        journal.offset('b');
        const read = (sink: 'a' | 'b', limit: number): void => {
          const records = journal.read(journal.offset(sink), limit);
          got[sink].push(...records.map(({ sequence }) => sequence));
          const last = records.at(-1);
          if (last) journal.acknowledge(sink, last.sequence);
        };
        for (const action of steps) {
          if ('append' in action) append(journal, action.append);
          else read(action.sink, action.read);
        }
        for (const sink of ['a', 'b'] as const) {
          read(sink, capacity);
          expect(got[sink].length + journal.dropped(sink)).toBe(journal.head);
          expect(got[sink]).toEqual([...new Set(got[sink])].sort((x, y) => x - y));
        }
      }),
    );
  });
});
