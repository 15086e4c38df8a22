import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Delivered } from '../../src/journal/delivered.ts';

describe('what a sink has delivered', () => {
  test('a live range beyond an open backlog moves nothing until the backlog has come up to it', () => {
    const delivered = new Delivered(10);
    delivered.add(20, 21);
    delivered.add(21, 25);
    expect(delivered).toMatchObject({ upTo: 10, beyond: 5 });
    delivered.add(10, 19);
    expect(delivered.upTo).toBe(19);
    delivered.add(19, 20);
    expect(delivered).toMatchObject({ upTo: 25, beyond: 0 });
  });

  test('what is no longer to be had counts as missing only where it was not delivered', () => {
    const delivered = new Delivered(0);
    delivered.add(2, 4);
    expect(delivered.pass(3)).toBe(2);
    expect(delivered.upTo).toBe(4);
    expect(delivered.pass(3)).toBe(0);
    expect(delivered.pass(6)).toBe(2);
  });

  test('keeps a bounded number of ranges; a forgotten one is to be delivered again', () => {
    const delivered = new Delivered(0);
    for (let i = 1; i <= 1000; i++) delivered.add(10 * i, 10 * i + 1);
    expect(delivered.beyond).toBeLessThanOrEqual(64);
    delivered.add(0, 10);
    expect(delivered.upTo).toBe(11);
  });

  test('agrees with a set of sequences, whatever is delivered and discarded in whatever order', () => {
    const range = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 12 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(range, { maxLength: 30 }), (steps) => {
        const delivered = new Delivered(0);
        const model = new Set<number>();
        for (const [after, length, discard] of steps) {
          if (discard) {
            const missing = Array.from({ length: after }, (_, i) => i + 1).filter((s) => !model.has(s));
            expect(delivered.pass(after)).toBe(missing.length);
            for (const sequence of missing) model.add(sequence);
          } else {
            delivered.add(after, after + length);
            for (let s = after + 1; s <= after + length; s++) model.add(s);
          }
          let upTo = 0;
          while (model.has(upTo + 1)) upTo++;
          expect(delivered).toMatchObject({ upTo, beyond: model.size - upTo });
        }
      }),
    );
  });
});
