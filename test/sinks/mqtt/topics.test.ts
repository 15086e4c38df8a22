import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bad, uncertain } from '../../../src/instrument/index.ts';
import { Thinner } from '../../../src/sinks/mqtt/thinner.ts';
import { decodeLevel, encodeLevel, type PublishOptions, Topics } from '../../../src/sinks/mqtt/topics.ts';
import { description, event, sample, TIME } from '../parts.ts';

const topics = new Topics('labwire', 'lab_a', 1);

function published(record: ReturnType<typeof sample>): [string, string, PublishOptions][] {
  const messages: [string, string, PublishOptions][] = [];
  topics.live(record, new Thinner(), (...message) => messages.push(message));
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
    expect(topics.state(['cryostat', 'status'])).toBe('labwire/lab_a/cryostat/status');
    expect(topics.statePayload('online')).toBe('online');
    expect(topics.statePayload({ a: null })).toBe('{"a":null}');
    expect(topics.statePayload(undefined)).toBe('');
  });

  test('an event names its device, or null for the gateway', () => {
    expect(JSON.parse(topics.event(event({ device: 'cryostat' })))).toMatchObject({ device: 'cryostat', kind: 'task' });
    expect(Object.keys(JSON.parse(topics.event(event())))).toEqual([
      ...['time', 'severity', 'device', 'kind', 'code', 'title', 'text'],
    ]);
  });

  test('a member whose path has a key with any characters is one level, and comes back from it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (key) => {
        const level = encodeLevel(`detectors[${JSON.stringify(key)}].gain`);
        expect(level).not.toMatch(/[/+#\0]/);
        expect(decodeLevel(level)).toBe(`detectors[${JSON.stringify(key)}].gain`);
      }),
    );
    expect(decodeLevel('%zz')).toBeUndefined();
  });

  test('what is historical says so, is not retained, and has topics of its own', () => {
    const messages: [string, string, PublishOptions][] = [];
    topics.historical(sample({ t1: 4.2, t2: bad('stale') }), new Thinner(), (...message) => messages.push(message));
    expect(messages).toEqual([
      [
        'labwire/lab_a/cryostat/backfill/t1',
        '{"value":4.2,"unit":"K","time":"2026-11-24T03:40:00.123456Z","quality":"good","historical":true}',
        { qos: 1, retain: false },
      ],
      [
        'labwire/lab_a/cryostat/backfill/t2',
        '{"value":null,"unit":"K","time":"2026-11-24T03:40:00.123456Z","quality":"bad","reason":"stale","historical":true}',
        { qos: 1, retain: false },
      ],
    ]);
  });

  test('a whole poll is one message, in publish: samples', () => {
    const whole = new Topics('labwire', 'lab_a', 1, 'samples');
    const messages: [string, unknown, PublishOptions][] = [];
    const values = { t1: 4.2, t2: bad('stale'), sky: 'clear "blue"', t3: uncertain(1, 'unstable') };
    const publish = (topic: string, payload: string, options: PublishOptions): void =>
      void messages.push([topic, JSON.parse(payload), options]);
    whole.live(sample(values), new Thinner(), publish);
    whole.historical(sample({ t1: 1 }), new Thinner(), publish);
    const time = '2026-11-24T03:40:00.123456Z';
    expect(messages).toEqual([
      [
        'labwire/lab_a/cryostat/sample',
        {
          time,
          channels: {
            t1: { value: 4.2, unit: 'K', quality: 'good' },
            t2: { value: null, unit: 'K', quality: 'bad', reason: 'stale' },
            sky: { value: 'clear "blue"', quality: 'good' },
            t3: { value: 1, unit: 'K', quality: 'uncertain', reason: 'unstable' },
          },
        },
        { qos: 1, retain: false },
      ],
      [
        'labwire/lab_a/cryostat/sample',
        { time, channels: { t1: { value: 1, unit: 'K', quality: 'good' } }, historical: true },
        { qos: 1, retain: false },
      ],
    ]);
  });

  describe('a dead band', () => {
    const source = description({ interval: 1, publish: { deadband: { t1: 0.5 }, maxInterval: 60 } });
    const passed = (mode: 'channels' | 'samples', given: [values: Parameters<typeof sample>[0], seconds: number][]) => {
      const thinned = new Topics('labwire', 'lab_a', 1, mode);
      const thinner = new Thinner();
      return given.map(([values, seconds]) => {
        const topicsOf: string[] = [];
        const record = sample(values, source, TIME + seconds * 1e6);
        thinned.live(record, thinner, (topic, payload) => {
          const of = mode === 'samples' ? Object.keys(JSON.parse(payload).channels) : [topic.split('/').at(-1) ?? ''];
          topicsOf.push(...of);
        });
        return topicsOf.join();
      });
    };

    test.each(['channels', 'samples'] as const)('keeps back what differs by less, of its channel alone: %s', (mode) => {
      expect(
        passed(mode, [
          [{ t1: 10, t2: 1 }, 0],
          [{ t1: 10.5, t2: 1 }, 1],
          [{ t1: 9.5 }, 2],
          [{ t1: 10.6, t2: 1 }, 3],
          [{ t1: 10.2 }, 4],
        ]),
      ).toEqual(['t1,t2', 't2', '', 't1,t2', '']);
    });

    test('lets through whatever it is after the longest interval', () => {
      expect(
        passed('channels', [
          [{ t1: 1 }, 0],
          [{ t1: 1 }, 59.9],
          [{ t1: 1 }, 60],
          [{ t1: 1 }, 61],
        ]),
      ).toEqual(['t1', '', 't1', '']);
    });

    test('lets through every change of quality and of reason, and what comes after the clock was set back', () => {
      expect(
        passed('channels', [
          [{ t1: 1 }, 0],
          [{ t1: uncertain(1, 'unstable') }, 1],
          [{ t1: uncertain(1.2, 'unstable') }, 2],
          [{ t1: uncertain(1.2, 'warming_up') }, 3],
          [{ t1: bad('stale') }, 4],
          [{ t1: bad('stale') }, 5],
          [{ t1: bad('timeout') }, 6],
          [{ t1: 1 }, 7],
          [{ t1: 1 }, -100],
        ]).map((topic) => topic !== ''),
      ).toEqual([true, true, false, true, true, false, true, true, true]);
    });

    test('makes the retained reading live three times as long as the longest interval', () => {
      const messages: PublishOptions[] = [];
      topics.live(sample({ t1: 1 }, source), new Thinner(), (...[, , options]) => messages.push(options));
      expect(messages[0]?.properties).toEqual({ messageExpiryInterval: 180 });
    });
  });
});
