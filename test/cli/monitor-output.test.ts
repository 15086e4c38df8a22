import { describe, expect, it } from 'vitest';
import { MonitorOutput } from '../../src/cli/monitor-output.ts';

describe('what a monitor shows over several connections', () => {
  it('is each entry once, and all of a ring that is another, whatever the clock says', () => {
    const printed: string[] = [];
    const output = new MonitorOutput({
      print: (text) => printed.push(JSON.parse(text).text),
      text: undefined,
      recording: undefined,
      greet: () => {},
      fail: (error) => {
        throw error;
      },
    });
    const connect = (ring: string, ...entries: [sequence: number, at: number, text: string][]): void => {
      output.facts({ port: 'x', state: 'open', serial: {}, ring });
      for (const [sequence, at, text] of entries) output.entry({ sequence, at, kind: 'state', text });
    };
    connect('first', [1, 60_000_000, 'a'], [2, 61_000_000, 'b']);
    // Set back in between: what is new has an earlier time.
    connect('first', [1, 60_000_000, 'a'], [2, 61_000_000, 'b'], [3, 2_000_000, 'c']);
    connect('second', [1, 3_000_000, 'd'], [2, 4_000_000, 'e']);
    expect(printed).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});
