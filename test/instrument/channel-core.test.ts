import { describe, expect, it, test } from 'vitest';
import {
  bad,
  ChannelCore,
  type ChannelDescription,
  type ChannelValue,
  type ChannelWriter,
  type RecordValue,
  type Sample,
  uncertain,
} from '../../src/instrument/index.ts';

const described = (more: Partial<ChannelDescription> = {}): ChannelDescription => ({
  id: 'setpoint',
  type: 'number',
  kind: 'measurement',
  scale: 1,
  offset: 0,
  ...more,
});

const sample = (value: ChannelValue): Sample => ({ values: { setpoint: value } }) as unknown as Sample;

function writable(more: Partial<ChannelDescription> = {}, writer: Partial<ChannelWriter> = {}) {
  const sent: unknown[] = [];
  const recorded: RecordValue[] = [];
  const core: ChannelCore = new ChannelCore(described(more), {
    write: (value) => void sent.push(value),
    record: (value) => {
      recorded.push(value);
      core.take(sample(value as ChannelValue));
      return value as ChannelValue;
    },
    ...writer,
  });
  core.path = 'oven.setpoint';
  return { core, sent, recorded };
}

describe('a channel as a member', () => {
  it('shows its newest value, and none where that is not valid', () => {
    const core = new ChannelCore(described({ unit: 'K', range: [1, 475], label: 'Stage 1' }));
    expect(core).toMatchObject({ doc: 'Stage 1', writable: false, rules: { unit: 'K', minimum: 1, maximum: 475 } });
    expect(core.get('')).toBeNull();
    const values: ChannelValue[] = [4.2, uncertain(4.3, 'unstable'), bad('over_range'), 0];
    const shown = values.map((value) => {
      core.take(sample(value));
      return core.get('');
    });
    expect(shown).toEqual([4.2, 4.3, null, 0]);
  });

  it('tells each change, and no reading that brings none', () => {
    const core = new ChannelCore(described());
    const told: unknown[] = [];
    core.take(sample(1));
    const end = core.onChange((_, value) => told.push(value));
    for (const value of [1, 2, 2, bad('stale'), bad('no_sensor'), 3]) core.take(sample(value));
    end();
    end();
    core.take(sample(4));
    const endAgain = core.onChange((_, value) => told.push(value));
    core.take(sample(5));
    endAgain();
    expect(told).toEqual([2, null, 3, 5]);
  });

  it('cannot be written unless its driver says how', async () => {
    await expect(new ChannelCore(described()).write(1)).rejects.toMatchObject({ code: 'VALUE_READ_ONLY' });
  });
});

describe('a writable channel', () => {
  it('brings a value to the instrument, which shows when it is recorded', async () => {
    const { core, sent } = writable({ unit: '°C', range: [0, 300] });
    expect(await core.write(21.5)).toBe(21.5);
    expect(sent).toEqual([21.5]);
    expect(core.get('')).toBeNull();
  });

  it('records what it reads back, and says that', async () => {
    const { core, recorded } = writable({}, { read: async () => 21 });
    expect(await core.write(21.4)).toBe(21);
    expect(recorded).toEqual([21]);
  });

  test.each([
    [{}, ['21', true, null, undefined, Number.NaN, Number.POSITIVE_INFINITY, {}]],
    [{ range: [0, 300] }, [-1, 301]],
    [{ type: 'integer' }, [1.5, '1']],
    [{ type: 'boolean' }, [1, 'true']],
    [{ type: 'text' }, [1, null]],
    [{ type: 'enum', options: ['on', 'off'] }, ['up', 1, null]],
    [{ type: 'enum' }, ['up']],
    [{ type: 'integer', scale: 0.1, range: [0, 300] }, [0.25, 301]],
  ] as const)('%j refuses %j', async (facts, values) => {
    const { core, sent } = writable(facts as Partial<ChannelDescription>);
    for (const value of values) await expect(core.write(value)).rejects.toMatchObject({ code: 'VALUE_INVALID' });
    expect(sent).toEqual([]);
  });

  test.each([
    [{ scale: 0.1 }, 0.3, 3],
    [{ scale: 0.1, offset: -5 }, 21.4, 264],
    [{ scale: -2, offset: 1 }, 0, 0.5],
    [{ type: 'integer', scale: 0.1 }, 0.3, 3],
    [{ type: 'integer', offset: 10 }, 12, 2],
    [{ type: 'enum', options: ['on', 'off'] }, 'on', 'on'],
    [{ type: 'boolean' }, true, true],
  ] as const)('with %j the value %j is %j to its driver', async (facts, value, raw) => {
    const { core, sent } = writable(facts as Partial<ChannelDescription>);
    expect(await core.write(value)).toBe(value);
    expect(sent).toEqual([raw]);
  });

  it('is written one value at a time, and only so many wait', async () => {
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const order: unknown[] = [];
    const { core } = writable(
      {},
      {
        write: (value) => {
          order.push(value);
          return gate;
        },
      },
    );
    const waiting = Array.from({ length: 64 }, (_, index) => core.write(index));
    await expect(core.write(64)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    expect(order).toEqual([0]);
    open();
    await Promise.all(waiting);
    expect(order).toEqual(Array.from({ length: 64 }, (_, index) => index));
  });
});
