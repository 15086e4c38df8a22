import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Announcement } from '../../../src/server/live/announcement.ts';
import { Outbox } from '../../../src/server/live/outbox.ts';

const told = (key: string, text: string): Announcement => ({ key, within: null, text: () => text });

function emptied(outbox: Outbox): string[] {
  const texts: string[] = [];
  for (let next = outbox.take(); next; next = outbox.take()) texts.push(next.text() ?? '');
  return texts;
}

describe('the outbox of a client', () => {
  it('keeps every change of a client that is not far behind, in order', () => {
    const outbox = new Outbox(false);
    const texts = Array.from({ length: 256 }, (_, i) => String(i));
    for (const text of texts) outbox.put(told('a', text));
    expect(emptied(outbox)).toEqual(texts);
    expect(outbox.merged).toBe(0);
  });

  it('keeps only the latest of each path of one that is far behind, the paths in the order of their first change', () => {
    const outbox = new Outbox(false);
    for (let i = 0; i < 10_000; i++) outbox.put(told(`path${i % 3}`, String(i)));
    expect(outbox.size).toBe(3);
    expect(outbox.merged).toBe(9_997);
    expect(emptied(outbox)).toEqual(['9999', '9997', '9998']);
    for (const text of ['a', 'b']) outbox.put(told('a', text));
    expect(emptied(outbox)).toEqual(['a', 'b']);
  });

  it('merges from the first on where the client wants it so', () => {
    const outbox = new Outbox(true);
    for (const text of ['a', 'b', 'c']) outbox.put(told(text === 'b' ? 'other' : 'path', text));
    expect(emptied(outbox)).toEqual(['c', 'b']);
    outbox.put(told('path', 'd'));
    outbox.put(told('path', 'e'));
    expect(emptied(outbox)).toEqual(['e']);
  });

  it('ends with the latest of each path, and never holds more than its limit or one per path, whatever is taken when', () => {
    const step = fc.oneof(fc.record({ put: fc.integer({ min: 0, max: 400 }) }), fc.record({ take: fc.nat(600) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.integer({ min: 1, max: 500 }), (steps, paths) => {
        const outbox = new Outbox(false);
        const latest = new Map<string, number>();
        const got = new Map<string, number>();
        let sequence = 0;
        const take = (): boolean => {
          const next = outbox.take();
          if (next) got.set(next.key, Number(next.text()));
          return next !== undefined;
        };
        for (const one of steps) {
          for (let i = 0; 'put' in one && i < one.put; i++) {
            const key = `p${sequence % paths}`;
            latest.set(key, ++sequence);
            outbox.put(told(key, String(sequence)));
            expect(outbox.size).toBeLessThanOrEqual(Math.max(256, paths));
          }
          for (let i = 0; 'take' in one && i < one.take && take(); i++);
        }
        while (take());
        expect(got).toEqual(latest);
      }),
    );
  });
});
