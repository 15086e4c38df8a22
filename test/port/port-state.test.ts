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
});
