import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextPortState, type PortEvent, type PortState } from '../../src/port/port-state.ts';

const walk = (...events: PortEvent[]): PortState => events.reduce<PortState>(nextPortState, 'closed');

describe('the states of a port', () => {
  it('leads through settling to open', () => {
    expect(walk('start')).toBe('opening');
    expect(walk('start', 'opened')).toBe('settling');
    expect(walk('start', 'opened', 'settled')).toBe('open');
  });

  it('waits after a failed opening and after a loss, also within the settle time', () => {
    expect(walk('start', 'failed')).toBe('waiting');
    expect(walk('start', 'opened', 'lost')).toBe('waiting');
    expect(walk('start', 'opened', 'settled', 'lost')).toBe('waiting');
    expect(walk('start', 'failed', 'retry')).toBe('opening');
  });

  it('opens a dead port anew without waiting', () => {
    expect(walk('start', 'opened', 'settled', 'reopen')).toBe('opening');
  });

  it('is closed by a stop in every state, and stays closed', () => {
    const ways: PortEvent[][] = [['start'], ['start', 'failed'], ['start', 'opened'], ['start', 'opened', 'settled']];
    for (const way of ways) expect(walk(...way, 'stop', 'opened', 'settled', 'retry', 'lost')).toBe('closed');
  });

  it('does not heed what comes too late', () => {
    expect(walk('start', 'failed', 'opened')).toBe('waiting');
    expect(walk('start', 'opened', 'settled', 'retry')).toBe('open');
  });

  const anyEvent = fc.constantFrom<PortEvent>(
    'start',
    'stop',
    'opened',
    'failed',
    'settled',
    'lost',
    'reopen',
    'retry',
  );

  it('is after any events where the last one that means something leads', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 50 }), anyEvent, (events, last) => {
        const before = walk(...events);
        const after = nextPortState(before, last);
        // Only its owner begins and ends it.
        if (before === 'closed') expect(after).toBe(last === 'start' ? 'opening' : 'closed');
        else expect(after === 'closed').toBe(last === 'stop');
        // It is open only after a settle time, which follows an opening.
        if (after === 'open' && before !== 'open') expect([before, last]).toEqual(['settling', 'settled']);
        if (after === 'settling' && before !== 'settling') expect([before, last]).toEqual(['opening', 'opened']);
        // Whatever broke is followed by a wait, and a wait by an attempt.
        if (after === 'waiting' && before !== 'waiting') expect(['failed', 'lost']).toContain(last);
        if (before === 'waiting') expect(['waiting', 'opening', 'closed']).toContain(after);
        // What is told twice counts once.
        expect(nextPortState(after, last)).toBe(after);
      }),
    );
  });

  it('comes back to open from wherever it is by what a working port does', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 50 }), (events) => {
        expect(walk(...events, 'start', 'retry', 'opened', 'settled')).toBe('open');
      }),
    );
  });
});
