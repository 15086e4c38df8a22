import fc from 'fast-check';
import mqtt from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import { mqttSink } from '../../../src/sinks/mqtt/index.ts';
import { fakeParts, sample, TIME, until } from '../parts.ts';
import { HesitantBroker, type Taken } from './hesitant-broker.ts';

const ends: (() => Promise<unknown>)[] = [];
async function endAll(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end();
}
afterEach(endAll);

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ record: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 4, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.constant('repeat' as const) },
  // What is acknowledged last arrives with the end of the connection, or is lost with it.
  { weight: 2, arbitrary: fc.record({ cut: fc.constantFrom('end' as const, 'reset' as const), taking: fc.nat(3) }) },
);

/** Values of the readings of a channel among messages. */
function values(messages: readonly Taken[], channel: string): number[] {
  const all = messages.filter(({ topic }) => /\/(channels|backfill)\//.test(topic) && topic.endsWith(`/${channel}`));
  return all.map(({ payload }) => JSON.parse(payload).value);
}

async function begin(qos: 1 | 2) {
  const broker = new HesitantBroker();
  await broker.start();
  ends.push(() => broker.stop());
  const parts = fakeParts();
  const sink = mqttSink({ name: 'mqtt', url: broker.url, gateway: 'lab_a', qos }, parts, (url, options) =>
    mqtt.connect(url, { ...options, protocolVersion: 4 }),
  );
  sink.start();
  ends.push(async () => {
    const stopped = sink.stop(100);
    await parts.clock.advance(100);
    await stopped;
  });
  return { broker, parts, sink };
}

/** What the kernel has in hand arrives, mostly. */
const arrive = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

test.each([1, 2] as const)(
  'nothing counts as delivered that no broker has acknowledged, whatever becomes of connections and acknowledgements: QoS %i',
  { timeout: 60_000 },
  async (qos) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const { broker, parts, sink } = await begin(qos);
        let recorded = 0;
        const record = (): void => {
          recorded++;
          const newest = sample({ t1: recorded, t2: recorded }, undefined, TIME + recorded);
          parts.state.samples = [newest];
          parts.journal.append(newest);
        };
        const check = (): void => {
          const [t1, t2] = [new Set(values(broker.taken, 't1')), new Set(values(broker.taken, 't2'))];
          const missing = Array.from({ length: recorded }, (_, i) => i + 1).filter((n) => !t1.has(n) || !t2.has(n));
          expect(parts.journal.delivered('mqtt')).toBeLessThan(missing[0] ?? Number.POSITIVE_INFINITY);
          expect(sink.status.lag).toBeGreaterThanOrEqual(missing.length);
        };
        const connect = (): Promise<void> =>
          until(async () => {
            await parts.clock.advance(1000);
            return sink.status.connected;
          });
        await connect();
        for (const one of steps) {
          if (one === 'repeat') broker.repeat();
          else if ('record' in one) for (let i = 0; i < one.record; i++) record();
          else if ('take' in one) broker.take(one.take);
          else {
            if (one.taking > 0) broker.take(one.taking);
            broker.cut(one.cut);
            await until(() => !sink.status.connected);
            check();
            await connect();
          }
          await arrive();
          check();
        }
        await until(() => {
          broker.take();
          check();
          return sink.status.lag === 0;
        });
        expect(sink.status.dropped).toBe(0);
        const current = values(
          broker.received.filter(({ topic }) => topic.includes('/channels/')),
          't1',
        );
        expect(current).toEqual(current.toSorted((a, b) => a - b));
        await endAll();
      }),
      { numRuns: 8 },
    );
  },
);
