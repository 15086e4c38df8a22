import { describe, expect, test } from 'vitest';
import { Rate } from '../../src/sinks/rate.ts';
import { StatusBoard } from '../../src/sinks/sink-status.ts';
import { fakeParts, sample } from './parts.ts';

describe('what a sink says about itself', () => {
  test('tells how old the oldest record is that is not delivered', async () => {
    const { journal, clock } = fakeParts();
    const board = new StatusBoard('mqtt', journal, clock);
    journal.offset('mqtt');
    expect(board.status).toMatchObject({ lag: 0, lagSeconds: 0 });
    journal.append(sample({ t1: 1 }, undefined, clock.now()));
    await clock.advance(2500);
    journal.append(sample({ t1: 2 }, undefined, clock.now()));
    expect(board.status).toMatchObject({ lag: 2, lagSeconds: 2.5 });
    journal.acknowledge('mqtt', 1);
    await clock.advance(1000);
    expect(board.status).toMatchObject({ lag: 1, lagSeconds: 1 });
    clock.stepWall(-3600);
    expect(board.status.lagSeconds).toBe(0);
  });

  test('keeps the newest of what was refused, cut to a length, and counts all', () => {
    const { journal, clock } = fakeParts();
    const board = new StatusBoard('influx', journal, clock);
    for (let i = 1; i <= 12; i++) board.refuse(1, 'no', [`${i} ${'x'.repeat(1000)}`]);
    const { dropped, deadLetters, lastError } = board.status;
    expect({ dropped, lastError, count: deadLetters.count }).toEqual({ dropped: 12, lastError: 'no', count: 12 });
    expect(deadLetters.last.map(({ text }) => text.slice(0, 2))).toEqual([
      '3 ',
      '4 ',
      '5 ',
      '6 ',
      '7 ',
      '8 ',
      '9 ',
      '10',
      '11',
      '12',
    ]);
    expect(deadLetters.last[0]).toMatchObject({ reason: 'no', time: '2023-11-14T22:13:20.000000Z' });
    expect(deadLetters.last[0]?.text).toHaveLength(501);
  });

  test('hears of a complaint once, however many it is about', () => {
    const { journal, clock } = fakeParts();
    const board = new StatusBoard('influx', journal, clock);
    let told = 0;
    board.onChange(() => told++);
    for (let i = 0; i < 5; i++) board.refuse(1, 'no');
    expect(told).toBe(1);
  });
});

describe('a rate', () => {
  test('is that of the last ten seconds', () => {
    const rate = new Rate(0);
    expect(rate.look(0, 0)).toBe(0);
    for (let s = 1; s <= 60; s++) expect(rate.look(1000 * s, 100 * s)).toBe(100);
    for (let s = 61; s <= 70; s++) rate.look(1000 * s, 6000);
    expect(rate.look(71_000, 6000)).toBe(0);
  });

  test('is that since the last look, where nobody looked for longer', () => {
    const rate = new Rate(0);
    rate.look(100_000, 5);
    expect(rate.look(200_000, 1005)).toBe(10);
  });

  test('does not fall to nothing by looking often', () => {
    const rate = new Rate(0);
    for (let ms = 1; ms <= 5000; ms++) expect(rate.look(ms, ms)).toBe(1000);
  });
});
