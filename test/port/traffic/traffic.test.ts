import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Traffic, type TrafficEntry } from '../../../src/port/traffic/traffic.ts';

const all = (traffic: Traffic, sequence = 0): TrafficEntry[] => [...traffic.since(sequence)];

/** What a port did, in the words of the test. */
type Step =
  | { readonly kind: 'sent' | 'received' | 'discarded'; readonly bytes: Buffer }
  | { readonly kind: 'frame' | 'dropped' | 'error' | 'state'; readonly text: string };

const ENTRY_BYTES = 4096;
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.nat(12_000).map((length) => new Uint8Array(length).fill(length)),
);
const bytesStep = fc.record({
  kind: fc.constantFrom('sent' as const, 'received' as const, 'discarded' as const),
  bytes: payload.map((bytes) => Buffer.from(bytes)),
});
const frameStep = fc.record({
  kind: fc.constant('frame' as const),
  text: payload.map((bytes) => Buffer.from(bytes).toString('latin1')),
});
const wordStep = fc.record({
  kind: fc.constantFrom('dropped' as const, 'error' as const, 'state' as const),
  text: fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => Buffer.from(text).toString()),
});

function play(traffic: Traffic, step: Step, at: number): void {
  if ('text' in step) traffic.note(step.kind, step.text, at);
  else traffic[step.kind](step.bytes, at);
}

/** The entries of all that happened, none forgotten. */
function naive(steps: readonly Step[]): TrafficEntry[] {
  const entries: TrafficEntry[] = [];
  const add = (entry: Omit<TrafficEntry, 'sequence'>): void =>
    void entries.push({ sequence: entries.length + 1, ...entry });
  for (const [at, step] of steps.entries()) {
    if ('text' in step) add({ at, kind: step.kind, text: step.text.slice(0, ENTRY_BYTES) });
    else
      for (let offset = 0; offset === 0 || offset < step.bytes.length; offset += ENTRY_BYTES)
        add({ at, kind: step.kind, bytes: step.bytes.subarray(offset, offset + ENTRY_BYTES) });
  }
  return entries;
}

/** An entry in one line: what is compared by the thousand is to be compared at once. */
const told = ({ sequence, at, kind, bytes, text }: TrafficEntry): string =>
  `${sequence} ${at} ${kind} ${bytes?.toString('hex') ?? text}`;
const sizeOf = ({ bytes, text }: TrafficEntry): number => bytes?.length ?? Buffer.byteLength(text ?? '');

describe('Traffic', () => {
  it('keeps what went over a port, in order and with its time', () => {
    const traffic = new Traffic();
    expect(traffic.newest).toBe(0);
    expect(all(traffic)).toEqual([]);
    traffic.note('state', 'open', 1);
    traffic.sent(Buffer.from('KRDG?\r\n'), 2);
    traffic.received(Buffer.from('+4.2 \xb0\r\n', 'latin1'), 3);
    traffic.note('frame', '+4.2 \xb0', 3);
    traffic.discarded(Buffer.from([0xff]), 4);
    traffic.note('error', 'µ: no answer', 5);
    expect(all(traffic)).toEqual([
      { sequence: 1, at: 1, kind: 'state', text: 'open' },
      { sequence: 2, at: 2, kind: 'sent', bytes: Buffer.from('KRDG?\r\n') },
      { sequence: 3, at: 3, kind: 'received', bytes: Buffer.from('+4.2 \xb0\r\n', 'latin1') },
      { sequence: 4, at: 3, kind: 'frame', text: '+4.2 \xb0' },
      { sequence: 5, at: 4, kind: 'discarded', bytes: Buffer.from([0xff]) },
      { sequence: 6, at: 5, kind: 'error', text: 'µ: no answer' },
    ]);
    expect(all(traffic, 4).map(({ sequence }) => sequence)).toEqual([5, 6]);
    expect(traffic.newest).toBe(6);
  });

  it('keeps copies: the bytes that it was given may change after the call', () => {
    const traffic = new Traffic();
    const bytes = Buffer.from('abc');
    traffic.received(bytes, 1);
    bytes.fill(0);
    const [first] = all(traffic);
    traffic.received(Buffer.alloc(64 * 1024), 2);
    expect(first?.bytes?.toString()).toBe('abc');
  });

  it('forgets the oldest entries beyond 2,000, and a gap in the sequence tells so', () => {
    const traffic = new Traffic();
    for (let i = 0; i < 2_500; i++) traffic.note('dropped', 'stale', i);
    const kept = all(traffic, 100);
    expect(kept).toHaveLength(2_000);
    expect(kept[0]).toMatchObject({ sequence: 501, at: 500 });
  });

  it('forgets the oldest bytes beyond 64 KiB', () => {
    const traffic = new Traffic();
    for (let i = 0; i < 100; i++) traffic.received(Buffer.alloc(1024, i), i);
    const kept = all(traffic);
    expect(kept).toHaveLength(64);
    expect(kept[0]).toMatchObject({ sequence: 37, bytes: Buffer.alloc(1024, 36) });
  });

  it('cuts a long text between two characters', () => {
    const traffic = new Traffic();
    traffic.note('error', `x${'µ'.repeat(5_000)}`, 1);
    expect(all(traffic)[0]?.text).toBe(`x${'µ'.repeat(2_047)}`);
  });

  it('skips what is overwritten while it is read', () => {
    const traffic = new Traffic();
    for (let i = 0; i < 10; i++) traffic.note('state', `${i}`, i);
    const reader = traffic.since(0);
    expect(reader.next().value).toMatchObject({ sequence: 1 });
    for (let i = 0; i < 2_000; i++) traffic.note('state', 'later', i);
    expect(reader.next().value).toMatchObject({ sequence: 11, text: 'later' });
  });

  it('tells each entry to who listens, until the listening ends', () => {
    const traffic = new Traffic();
    const heard: TrafficEntry[] = [];
    traffic.note('state', 'opening', 1);
    const end = traffic.onEntry((entry) => heard.push(entry));
    traffic.sent(Buffer.from('a'), 2);
    end();
    end();
    traffic.sent(Buffer.from('b'), 3);
    expect(heard).toEqual([{ sequence: 2, at: 2, kind: 'sent', bytes: Buffer.from('a') }]);
  });

  it('has the newest of all that happened, whatever happens, and as many as fit', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(bytesStep, frameStep, wordStep), { maxLength: 60, size: 'max' }), (steps) => {
        const traffic = new Traffic();
        const heard: TrafficEntry[] = [];
        traffic.onEntry((entry) => heard.push(entry));
        for (const [at, step] of steps.entries()) play(traffic, step, at);
        const expected = naive(steps);
        const kept = all(traffic);
        expect(heard.map(told)).toEqual(expected.map(told));
        expect(kept.map(told)).toEqual(expected.slice(expected.length - kept.length).map(told));
        const older = expected.at(-kept.length - 1);
        if (older && kept.length < expected.length) {
          // No entry is broken in two by the ring's end, so up to one entry's room there may be left free.
          const held = kept.reduce((sum, entry) => sum + sizeOf(entry), 0);
          expect(held + sizeOf(older)).toBeGreaterThan(60 * 1024);
        }
      }),
      { numRuns: 50 },
    );
  });
});
