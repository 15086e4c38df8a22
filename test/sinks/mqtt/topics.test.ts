import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bad, uncertain } from '../../../src/instrument/index.ts';
import { type PublishOptions, Topics } from '../../../src/sinks/mqtt/topics.ts';
import { description, event, sample } from '../parts.ts';

const topics = new Topics('labwire', 'lab_a', 1);

function published(record: ReturnType<typeof sample>): [string, string, PublishOptions][] {
  const messages: [string, string, PublishOptions][] = [];
  topics.sample(record, (...message) => messages.push(message));
  return messages;
}

const payload = (value: Parameters<typeof sample>[0][string]): string => published(sample({ t1: value }))[0]?.[1] ?? '';

describe('MQTT topics and payloads', () => {
  test('a good value has unit, time and quality', () => {
    expect(published(sample({ t1: 4.213 }))).toEqual([
      [
        'labwire/lab_a/cryostat/channels/t1',
        '{"value":4.213,"unit":"K","time":"2026-11-24T03:40:00.123456Z","quality":"good"}',
        { qos: 1, retain: true, properties: { messageExpiryInterval: 60 } },
      ],
    ]);
  });

  test('a bad value is null with its reason', () => {
    expect(payload(bad('over_range'))).toBe(
      '{"value":null,"unit":"K","time":"2026-11-24T03:40:00.123456Z","quality":"bad","reason":"over_range"}',
    );
  });

  test('an uncertain value is kept with its reason', () => {
    expect(payload(uncertain(4.2, 'unstable'))).toBe(
      '{"value":4.2,"unit":"K","time":"2026-11-24T03:40:00.123456Z","quality":"uncertain","reason":"unstable"}',
    );
  });

  test('a channel without a unit has none', () => {
    const source = description({ channels: new Map() });
    expect(published(sample({ sky: 'clear' }, source))[0]?.[1]).toBe(
      '{"value":"clear","time":"2026-11-24T03:40:00.123456Z","quality":"good"}',
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, uncertain(Number.NaN, 'invalid')])(
    '%s is never published',
    (value) => {
      expect(JSON.parse(payload(value))).toMatchObject({ value: null, quality: 'bad', reason: 'invalid' });
    },
  );

  test.each([
    [undefined, 60],
    [1, 60],
    [20, 60],
    [20.5, 62],
    [600, 1800],
  ])('at an interval of %s s a reading expires after %i s', (interval, expiry) => {
    const { interval: _, ...rest } = description();
    const source = interval === undefined ? rest : { ...rest, interval };
    expect(published(sample({ t1: 1 }, source))[0]?.[2].properties?.messageExpiryInterval).toBe(expiry);
  });

  test('every value comes back from its JSON', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: 'binary' }),
      fc.boolean(),
    );
    fc.assert(
      fc.property(value, (given) => {
        expect(JSON.parse(payload(given)).value).toStrictEqual(given === 0 ? 0 : given);
      }),
    );
  });

  test('state is sent as it stands when it is text, else as JSON; what is gone is empty', () => {
    expect(topics.state({ path: ['cryostat', 'status'], value: 'online' })).toEqual({
      topic: 'labwire/lab_a/cryostat/status',
      payload: 'online',
    });
    expect(topics.state({ path: ['info'], value: { a: null } }).payload).toBe('{"a":null}');
    expect(topics.state({ path: ['info'], value: undefined }).payload).toBe('');
  });

  test('an event names its device, or null for the gateway', () => {
    expect(JSON.parse(topics.event(event({ device: 'cryostat' })))).toMatchObject({ device: 'cryostat', kind: 'task' });
    expect(Object.keys(JSON.parse(topics.event(event())))).toEqual([
      ...['time', 'severity', 'device', 'kind', 'code', 'title', 'text'],
    ]);
  });
});
