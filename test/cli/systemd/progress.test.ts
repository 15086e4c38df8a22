import { describe, expect, it } from 'vitest';
import { Progress } from '../../../src/cli/systemd/progress.ts';
import type { Vitals } from '../../../src/gateway/index.ts';

const vitals = (rounds: number, head = 0, committed = head, state: 'ok' | 'degraded' = 'ok'): Vitals => ({
  devices: 1,
  online: 1,
  rounds,
  journal: { state, head, committed },
});

describe('progress', () => {
  it('is made by a gateway that goes its rounds, though slower than it is looked at', () => {
    const progress = new Progress(3);
    for (let look = 0; look < 40; look++) expect(progress.look(vitals(Math.floor(look / 4)))).toBeUndefined();
  });

  it('is not made when no round comes any more, and is made again when one does', () => {
    const progress = new Progress(2);
    for (let look = 0; look < 3; look++) expect(progress.look(vitals(5))).toBeUndefined();
    expect(progress.look(vitals(5))).toBe('no round through devices and sinks is made any more');
    expect(progress.look(vitals(6))).toBeUndefined();
  });

  it('is not made when records wait and none is committed', () => {
    const progress = new Progress(2);
    for (let look = 0; look < 3; look++) expect(progress.look(vitals(look, 100 + look, 90))).toBeUndefined();
    expect(progress.look(vitals(3, 103, 90))).toBe('13 records of the journal are not committed');
    expect(progress.look(vitals(4, 104, 91))).toBeUndefined();
  });

  it('is made by a journal that is never quite up to date', () => {
    const progress = new Progress(2);
    for (let look = 0; look < 20; look++) expect(progress.look(vitals(look, 2 + look, 1 + look))).toBeUndefined();
  });

  it('is made while nothing is recorded, and while a disk fails of which the journal knows', () => {
    const progress = new Progress(2);
    for (let look = 0; look < 20; look++) expect(progress.look(vitals(look, 7, 7))).toBeUndefined();
    for (let look = 20; look < 40; look++) expect(progress.look(vitals(look, 900, 7, 'degraded'))).toBeUndefined();
  });
});
