import { describe, expect, it, test } from 'vitest';
import { LabwireError } from '../../src/base/index.ts';
import { command, DataService, reading, setting, task } from '../../src/index.ts';
import { Control, type Write } from '../../src/service/index.ts';

class Oven extends DataService {
  readonly limit = setting(20, { unit: '°C', minimum: 0, maximum: 100 });
  readonly setpoint = setting(20, { write: (value) => this.#bring(value), read: () => this.brought });
  readonly temperature = reading({ unit: '°C' });
  readonly add = command(
    { parameters: { a: { type: 'number' }, b: { type: 'number', default: 1 } } },
    ({ a, b }) => a + b,
  );
  readonly fail = command({}, () => {
    throw new LabwireError('REPLY_TIMEOUT', 'silence');
  });
  readonly heat = task({}, ({ sleep }) => sleep(1000));
  brought = 20;

  #bring(value: number): void {
    if (value > 500) throw new LabwireError('VALUE_REJECTED', 'too hot');
    this.brought = Math.round(value);
  }
}

class Root extends DataService {
  readonly oven = new Oven();
}

const anna = { name: 'anna', via: 'http' };

function made(readOnly = false): { readonly root: Root; readonly control: Control; readonly writes: Write[] } {
  const root = new Root();
  const writes: Write[] = [];
  return { root, writes, control: new Control(root, { readOnly, onWrite: (write) => writes.push(write) }) };
}

describe('a write', () => {
  it('of a setting is told with the values before and after', async () => {
    const { control, writes } = made();
    expect(await control.set('oven.limit', 30, anna)).toBe(30);
    expect(writes).toEqual([{ by: anna, path: 'oven.limit', what: 'set', from: 20, to: 30, outcome: 'done' }]);
  });

  it('of a setting of an instrument gives the value that was read back', async () => {
    const { control, root } = made();
    expect(await control.set('oven.setpoint', 30.4, anna)).toBe(30);
    expect(root.oven.setpoint.value).toBe(30);
  });

  it('that an instrument refuses is told as refused', async () => {
    const { control, writes } = made();
    await expect(control.set('oven.setpoint', 501, anna)).rejects.toThrow('too hot');
    expect(writes).toMatchObject([{ from: 20, to: 501, outcome: { code: 'VALUE_REJECTED' } }]);
  });

  it('that says something else to the member than it is goes through the reader once the member is known', async () => {
    const { control, writes } = made();
    await control.set('oven.limit', { degrees: 30 }, anna, (given, core) => {
      expect(core.rules.maximum).toBe(100);
      return (given as { degrees: number }).degrees;
    });
    await control.call('oven.add', [1, 2], anna, (given) => {
      const [a, b] = given as [number, number];
      return { a, b };
    });
    expect(writes).toMatchObject([{ to: 30 }, { what: 'call', to: { a: 1, b: 2 }, outcome: 'done' }]);
  });

  it('of a task is told with its states', async () => {
    const { control, writes } = made();
    expect(await control.task('oven.heat', 'start', anna)).toMatch(/activ/);
    expect(await control.task('oven.heat', 'stop', anna)).toBe('inactive');
    expect(writes).toMatchObject([
      { what: 'start', path: 'oven.heat', from: 'inactive', to: expect.stringMatching(/activ/), outcome: 'done' },
      { what: 'stop', to: 'inactive' },
    ]);
  });

  it('by a command is told with its arguments, and how it went', async () => {
    const { control, writes } = made();
    expect(await control.call('oven.add', { a: 1 }, anna)).toBe(2);
    await expect(control.call('oven.fail', {}, anna)).rejects.toThrow('REPLY_TIMEOUT');
    expect(writes).toMatchObject([
      { what: 'call', to: { a: 1 }, outcome: 'done' },
      { what: 'call', path: 'oven.fail', outcome: { code: 'REPLY_TIMEOUT' } },
    ]);
  });

  it('is under way until it has ended, however it ends', async () => {
    const { control, root } = made();
    const answers = Promise.allSettled([
      control.call('oven.add', { a: 1 }, anna),
      control.call('oven.fail', {}, anna),
      control.set('oven.limit', 101, anna),
      control.task('oven.heat', 'start', anna),
    ]);
    expect(control.underWay).toEqual(expect.arrayContaining(['oven.add', 'oven.fail']));
    await answers;
    expect(control.underWay).toEqual([]);
    await root.oven.heat.stop();
  });
});

test('where everything is read only nothing is changed, and each attempt is told', async () => {
  const { control, root, writes } = made(true);
  const refused = { code: 'READ_ONLY' };
  await expect(control.set('oven.limit', 30, anna)).rejects.toMatchObject(refused);
  await expect(control.set('nothing', 30, anna)).rejects.toMatchObject(refused);
  await expect(control.call('oven.add', { a: 1 }, anna)).rejects.toMatchObject(refused);
  await expect(control.task('oven.heat', 'start', anna)).rejects.toMatchObject(refused);
  expect([root.oven.limit.value, root.oven.heat.status]).toEqual([20, 'NOT_RUNNING']);
  expect(writes.map(({ outcome }) => (outcome as LabwireError).code)).toEqual(Array(4).fill('READ_ONLY'));
  control.readOnly = false;
  expect(await control.set('oven.limit', 30, anna)).toBe(30);
});

describe('refused, with nothing changed, is', () => {
  it.each([
    ['oven.limit', 101, 'VALUE_INVALID'],
    ['oven.limit', '30', 'VALUE_INVALID'],
    ['oven.limit', null, 'VALUE_INVALID'],
    ['oven.temperature', 30, 'VALUE_READ_ONLY'],
    ['oven.heat.state', 'active', 'VALUE_READ_ONLY'],
    ['oven.heat', 'start', 'MEMBER_UNKNOWN'],
    ['oven.add', 1, 'MEMBER_UNKNOWN'],
    ['oven', 1, 'MEMBER_UNKNOWN'],
    ['oven.brought', 1, 'MEMBER_UNKNOWN'],
    ['oven.constructor', 1, 'MEMBER_UNKNOWN'],
    ['', 1, 'MEMBER_UNKNOWN'],
  ])('setting %j to %j', async (path, value, code) => {
    const { control, root, writes } = made();
    await expect(control.set(path, value, anna)).rejects.toMatchObject({ code });
    expect([root.oven.limit.value, root.oven.temperature.value, root.oven.brought]).toEqual([20, null, 20]);
    expect(writes).toMatchObject([{ path, to: value, outcome: { code } }]);
  });

  it.each(['oven.limit', 'oven.heat', 'oven.heat.start', 'oven', 'nothing'])('calling %j', async (path) => {
    const { control } = made();
    await expect(control.call(path, {}, anna)).rejects.toMatchObject({ code: 'MEMBER_UNKNOWN' });
  });

  it.each(['oven.limit', 'oven.add', 'oven.heat.start', 'oven', 'nothing'])('starting %j', async (path) => {
    const { control } = made();
    await expect(control.task(path, 'start', anna)).rejects.toMatchObject({ code: 'MEMBER_UNKNOWN' });
  });
});
