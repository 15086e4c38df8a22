import { describe, expect, test } from 'vitest';
import { FakeClock, LabwireError, silentLogger } from '../../src/base/index.ts';
import { Audit } from '../../src/gateway/audit.ts';
import type { Happening } from '../../src/gateway/gateway-events.ts';
import type { Write } from '../../src/service/index.ts';

function made(): {
  readonly audit: Audit;
  readonly clock: FakeClock;
  readonly events: Happening[];
  readonly lines: string[];
} {
  const clock = new FakeClock();
  const events: Happening[] = [];
  const lines: string[] = [];
  const line = (text: string | object): void => void lines.push(String(text));
  const log = { ...silentLogger, info: line, warn: line };
  return { clock, events, lines, audit: new Audit({ clock, log, event: (event) => events.push(event) }) };
}

const write = (more: Partial<Write> = {}): Write => ({
  by: { name: 'anna', via: 'http' },
  path: 'oven.limit',
  what: 'set',
  from: 20,
  to: 30,
  outcome: 'done',
  ...more,
});

describe('a write is written down', () => {
  const refusal = new LabwireError('VALUE_INVALID', 'oven.limit takes less');
  test.each([
    [{}, 'anna (http) set oven.limit from 20 to 30.'],
    [{ from: 'a', to: 'b' }, 'anna (http) set oven.limit from "a" to "b".'],
    [{ from: null }, 'anna (http) set oven.limit from null to 30.'],
    [
      { what: 'call', path: 'oven.zero', from: undefined, to: { at: 1 } },
      'anna (http) called oven.zero with {"at":1}.',
    ],
    [
      { what: 'start', path: 'oven.acquire', from: 'inactive', to: 'activating' },
      'anna (http) started oven.acquire from "inactive" to "activating".',
    ],
    [
      { to: { type: 'float', full_access_path: '', value: 30 }, outcome: refusal },
      'anna (http) tried to set oven.limit from 20 to 30: oven.limit takes less (VALUE_INVALID)',
    ],
    [
      { to: { type: 'Quantity', value: { magnitude: 3, unit: 'K' } }, outcome: refusal },
      'anna (http) tried to set oven.limit from 20 to "3 K": oven.limit takes less (VALUE_INVALID)',
    ],
    [{ outcome: refusal }, 'anna (http) tried to set oven.limit from 20 to 30: oven.limit takes less (VALUE_INVALID)'],
    [
      { what: 'stop', path: 'oven.acquire', from: undefined, to: undefined, outcome: refusal },
      'anna (http) tried to stop oven.acquire: oven.limit takes less (VALUE_INVALID)',
    ],
  ] as const)('%j', (more, text) => {
    const { audit, events, lines } = made();
    audit.wrote(write(more as Partial<Write>));
    expect(lines).toEqual([text]);
    expect(events).toMatchObject([{ eventKind: 'write', device: 'oven', text }]);
  });

  test('with its code, as a warning where it was refused', () => {
    const { audit, events } = made();
    audit.wrote(write());
    audit.wrote(write({ outcome: refusal }));
    audit.wrote(write({ outcome: new Error('a driver said so') }));
    expect(events).toMatchObject([
      { code: 'WRITE', severity: 'info' },
      { code: 'VALUE_INVALID', severity: 'warning' },
      { code: 'WRITE_FAILED', severity: 'warning' },
    ]);
  });

  test('in a few words, whatever it says', () => {
    const { audit, events } = made();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const long = 'x'.repeat(1e6);
    for (const to of [
      long,
      [long],
      circle,
      { toJSON: () => undefined },
      { toJSON: () => long },
      5n,
      Symbol('x'),
      () => 1,
    ])
      audit.wrote(write({ by: { name: long, via: long }, path: long, to, from: to, outcome: new Error(long) }));
    expect(events).toHaveLength(8);
    for (const { text, device } of events) {
      expect(text.length).toBeLessThan(1500);
      expect(device).toBeUndefined();
    }
  });
});

test('a flood is told in numbers, and what comes after it again one by one', async () => {
  const { audit, clock, events, lines } = made();
  for (let i = 0; i < 100_000; i++) audit.wrote(write({ to: i }));
  expect(events).toHaveLength(500);
  expect(lines).toHaveLength(501);
  await clock.advance(60_000);
  audit.wrote(write({ to: 'after' }));
  expect(events.slice(500)).toMatchObject([
    { code: 'WRITES_UNTOLD', text: '99500 writes were too many to be written down one by one.' },
    { code: 'WRITE', text: 'anna (http) set oven.limit from 20 to "after".' },
  ]);
});

test('a flood that nothing follows is told in numbers at the next look', () => {
  const { audit, events } = made();
  for (let i = 0; i < 600; i++) audit.wrote(write({ to: i }));
  audit.refresh();
  audit.refresh();
  expect(events.slice(500)).toMatchObject([
    { code: 'WRITES_UNTOLD', text: '100 writes were too many to be written down one by one.' },
  ]);
});
