import fc from 'fast-check';
import { expect, test } from 'vitest';
import { event, sample, TIME } from '../parts.ts';
import { type ScriptedClient, setup, turn } from './scripted-client.ts';

/** What may happen, in any order. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('record' as const), count: fc.integer({ min: 1, max: 30 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('acknowledge' as const), which: fc.integer({ min: 1, max: 7 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('event' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('break' as const) }) },
  // The client of an earlier connection calls back for what that took with it.
  { weight: 2, arbitrary: fc.record({ do: fc.constant('late' as const), failed: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('accept' as const), window: fc.integer({ min: 1, max: 40 }) }) },
);

test('whatever the broker does: all arrives, channels/ never goes back, and no offset passes what is not delivered', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40, size: 'max' }),
      fc.constantFrom(1, 2) as fc.Arbitrary<1 | 2>,
      async (steps, qos) => {
        const { sink, client, clients, parts } = setup({ qos });
        const done = new WeakSet<object>();
        /** Sequences of acknowledged samples by their value. */
        const acknowledged = new Set<number>();
        const sequences = new Map<number, number>();
        const current: number[] = [];
        const looked = new WeakMap<ScriptedClient, number>();
        let n = 0;
        const record = (): void => {
          const newest = sample({ t1: ++n }, undefined, TIME + n);
          parts.state.samples = [newest];
          parts.journal.append(newest);
          sequences.set(n, newest.sequence);
        };
        const look = async (): Promise<void> => {
          await turn();
          const from = looked.get(client()) ?? 0;
          for (const { topic, payload } of client().sent.slice(from))
            if (topic.includes('/channels/')) current.push(JSON.parse(payload).value);
          looked.set(client(), client().sent.length);
        };
        const acknowledge = (every: number): void => {
          for (const [i, sent] of client().sent.entries()) {
            if (i % every !== 0 || done.has(sent)) continue;
            done.add(sent);
            if (/\/(channels|backfill)\//.test(sent.topic)) acknowledged.add(JSON.parse(sent.payload).value);
            sent.acknowledge();
          }
        };
        const callBackLate = (failed: boolean): void => {
          for (const sent of clients.filter((one) => one.broken).flatMap((one) => one.sent)) {
            if (!done.has(sent)) sent.acknowledge(failed ? new Error('Connection closed') : undefined);
            done.add(sent);
          }
        };
        const check = (): void => {
          const offset = parts.journal.offset('mqtt');
          for (const [value, sequence] of sequences)
            if (sequence <= offset && !acknowledged.has(value)) throw new Error(`${value} is passed over`);
        };
        const connect = async (receiveMaximum: number): Promise<void> => {
          if (client().connected) return;
          if (client().broken) await parts.clock.advance(20_000);
          if (!client().connected) client().accept({ receiveMaximum });
        };
        for (const one of steps) {
          if (one.do === 'record') for (let i = 0; i < one.count; i++) record();
          else if (one.do === 'event') parts.journal.append(event());
          else if (one.do === 'break') client().break();
          else if (one.do === 'late') callBackLate(one.failed);
          else if (one.do === 'accept') await connect(one.window);
          else if (client().connected) acknowledge(one.which);
          await look();
          check();
        }
        await connect(10);
        for (let i = 0; i < 2000 && sink.status.lag > 0; i++) {
          await look();
          acknowledge(1);
        }
        await look();
        check();
        expect(sink.status).toMatchObject({ lag: 0, dropped: 0 });
        expect([...acknowledged].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i + 1));
        expect(current).toEqual([...current].sort((a, b) => a - b));
        client().prompt = true;
        const stopped = sink.stop(100);
        await parts.clock.advance(100);
        await stopped;
        expect(parts.clock.pending).toBe(0);
      },
    ),
    { numRuns: 100 },
  );
});
