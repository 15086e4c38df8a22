import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Delivered } from '../../../src/journal/delivered.ts';
import { Backlog, type Range } from '../../../src/sinks/influx/backlog.ts';

function taken(backlog: Backlog): Range[] {
  const ranges: Range[] = [];
  for (let range = backlog.take(); range; range = backlog.take()) ranges.push(range);
  return ranges;
}

describe('the backlog', () => {
  test('gives its ranges oldest first, those that touch as one', () => {
    const backlog = new Backlog();
    backlog.add({ after: 20, upTo: 30 });
    backlog.add({ after: 5, upTo: 10 });
    backlog.add({ after: 10, upTo: 12 });
    backlog.add({ after: 40, upTo: 40 });
    expect(backlog.empty).toBe(false);
    expect(taken(backlog)).toEqual([
      { after: 5, upTo: 12 },
      { after: 20, upTo: 30 },
    ]);
    expect(backlog.empty).toBe(true);
  });

  test('holds just what was added, ascending and apart', () => {
    const range = fc.tuple(fc.nat(100), fc.integer({ min: 1, max: 20 }));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 30 }), (added) => {
        const backlog = new Backlog();
        const expected = new Set<number>();
        for (const [after, length] of added) {
          backlog.add({ after, upTo: after + length });
          for (let s = after + 1; s <= after + length; s++) expected.add(s);
        }
        const found: number[] = [];
        let end = -1;
        for (const { after, upTo } of taken(backlog)) {
          expect(after).toBeGreaterThan(end);
          for (let s = after + 1; s <= upTo; s++) found.push(s);
          end = upTo;
        }
        expect(found).toEqual([...expected].sort((a, b) => a - b));
      }),
    );
  });

  test('stays small however scattered it is, and then covers too much rather than too little', () => {
    const backlog = new Backlog();
    for (let i = 0; i < 1000; i++) backlog.add({ after: 10 * i, upTo: 10 * i + 1 });
    const ranges = taken(backlog);
    expect(ranges).toHaveLength(64);
    expect(ranges[0]).toEqual({ after: 0, upTo: 1 });
    expect(ranges.at(-1)?.upTo).toBe(9991);
  });

  test('covers what the journal forgets to have been delivered, however often the database goes and comes', () => {
    const backlog = new Backlog();
    const delivered = new Delivered(0);
    const deliver = ({ after, upTo }: Range): void => delivered.add(after, upTo);
    backlog.add({ after: 0, upTo: 100 });
    let head = 100;
    for (let outage = 0; outage < 200; outage++) {
      // Two batches of the oldest are under way: the first never ends well, the second does, and so does one of what is live.
      const oldest = backlog.take() as Range;
      const under = { after: oldest.after, upTo: oldest.after + 1 };
      const rest = { after: under.upTo, upTo: oldest.upTo };
      if (rest.upTo - rest.after > 1) {
        deliver({ after: rest.after, upTo: rest.after + 1 });
        backlog.add({ after: rest.after + 1, upTo: rest.upTo });
      } else backlog.add(rest);
      deliver({ after: head, upTo: head + 5 });
      backlog.add(under);
      backlog.add({ after: head + 5, upTo: head + 10 });
      head += 10;
    }
    for (const range of taken(backlog)) deliver(range);
    expect(delivered).toMatchObject({ upTo: head, beyond: 0 });
  });
});
