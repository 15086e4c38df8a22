import { describe, expect, test } from 'vitest';
import { SinkBooks } from '../../src/journal/sink-books.ts';

describe('the books of the sinks', () => {
  test('count as lag what a sink has not, without the sequences that no record has', () => {
    const books = new SinkBooks();
    books.adopt([['a', 10, 0]], [[15, 1000]], 1000);
    expect(books.lag('a', 1020)).toBe(25);
    books.acknowledge('a', 1000, 1010, 1020);
    expect(books.lag('a', 1020)).toBe(15);
    books.acknowledge('a', 10, 15, 1020);
    expect(books.lag('a', 1020)).toBe(10);
    expect(books.delivered('a', 1020).upTo).toBe(15);
  });

  test('count as dropped what is discarded before a sink has it, and tell of each loser once until it has caught up', () => {
    const books = new SinkBooks();
    books.adopt(
      [
        ['quick', 40, 0],
        ['slow', 10, 3],
      ],
      [[20, 30]],
      40,
    );
    expect(books.discardUpTo(25)).toEqual([['slow', 10]]);
    expect(books.discardUpTo(35)).toEqual([]);
    expect([books.dropped('quick', 40), books.dropped('slow', 40)]).toEqual([0, 18]);
    books.acknowledge('slow', 0, 40, 40);
    expect(books.discardUpTo(40)).toEqual([]);
    expect(books.lose(40, 42)).toEqual([
      ['quick', 2],
      ['slow', 2],
    ]);
    expect(books.lag('slow', 42)).toBe(0);
  });

  test('count a record once that was delivered live and then let go of', () => {
    const books = new SinkBooks();
    books.delivered('a', 0);
    books.acknowledge('a', 10, 20, 30);
    expect(books.lose(12, 22)).toEqual([['a', 2]]);
    expect(books.lag('a', 30)).toBe(18);
    expect(books.discardUpTo(25)).toEqual([]);
    expect(books.dropped('a', 30)).toBe(15);
    expect(books.lag('a', 30)).toBe(5);
  });

  test('give for the file no offset beyond what is committed, until it is', () => {
    const books = new SinkBooks();
    books.delivered('a', 0);
    books.acknowledge('a', 0, 8, 10);
    expect(books.take(5)).toEqual({ sinks: [['a', 5, 0]], forgotten: [] });
    expect(books.changed).toBe(true);
    expect(books.take(10)).toEqual({ sinks: [['a', 8, 0]], forgotten: [] });
    expect(books.changed).toBe(false);
  });

  test('forget a sink for good, also where writing that failed once', () => {
    const books = new SinkBooks();
    books.delivered('a', 7);
    books.take(7);
    books.forget('a');
    const { forgotten } = books.take(7);
    expect(forgotten).toEqual(['a']);
    books.renew(forgotten);
    expect(books.take(7).forgotten).toEqual(['a']);
    expect(books.slowest(9)).toBe(9);
  });

  test('keep the older offset of a file that is found late, and what was delivered meanwhile', () => {
    const books = new SinkBooks();
    books.delivered('a', 1000);
    books.acknowledge('a', 1000, 1005, 1010);
    books.adopt([['a', 10, 2]], [[20, 1000]], 1000);
    expect(books.lag('a', 1010)).toBe(15);
    books.acknowledge('a', 10, 1000, 1010);
    expect(books.delivered('a', 1010).upTo).toBe(1005);
    expect(books.dropped('a', 1010)).toBe(2);
  });
});
