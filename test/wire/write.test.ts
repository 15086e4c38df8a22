import { describe, expect, it, test } from 'vitest';
import { command, DataService } from '../../src/index.ts';
import { Control } from '../../src/service/index.ts';
import { triggerMethod, updateValue } from '../../src/wire/index.ts';
import { anna, lab } from './lab.ts';

/** A node as pydase's client encodes a value. */
const dumped = (type: string, value: unknown, more = {}): object => ({
  full_access_path: '',
  doc: null,
  readonly: false,
  type,
  value,
  ...more,
});
const quantity = (magnitude: number, unit: string): object => dumped('Quantity', { magnitude, unit });

describe('a client sets', () => {
  it.each([
    ['magnet.factor', dumped('float', 2.5), 2.5],
    ['magnet.factor', dumped('int', 2), 2],
    ['magnet.factor', dumped('float64', 2.5), 2.5],
    ['magnet.turns', dumped('int', 7), 7],
    ['magnet.name', dumped('str', 'x'), 'x'],
    ['magnet.armed', dumped('bool', true), true],
    ['magnet.range', dumped('Enum', 'low', { name: 'Range', enum: { auto: 'auto', low: 'low' } }), 'low'],
    ['magnet.range', dumped('str', 'high'), 'high'],
    ['magnet.steps', dumped('Enum', '5', { name: 'Steps', enum: { 5: 5 } }), 5],
    ['magnet.steps', dumped('int', 2), 2],
    ['magnet.odd', dumped('str', 'y'), 'y'],
    ['magnet.current', quantity(500, 'mA'), 0.5],
    ['magnet.current', quantity(2, 'ampere'), 2],
    ['magnet.current', dumped('float', 2.5), 2.5],
    ['magnet.limit', quantity(300, 'K'), 26.85],
    ['magnet.limit', quantity(373.15, 'kelvin'), 100],
    ['magnet.limit', quantity(68, 'degree_Fahrenheit'), 20],
    ['magnet.flow', dumped('float', 1.5), 1.5],
    ['magnet.factor', quantity(50, 'percent'), 0.5],
    ['magnet.detectors["a"].gain', dumped('int', 4), 4],
    ['magnet.coils[1].gain', dumped('int', 4), 4],
  ])('%s to %j', async (path, node, value) => {
    const { control } = lab();
    await updateValue(control, path, node, anna);
    expect(control.valueAt(path).get('')).toBe(value);
  });

  const unfit = 'VALUE_INVALID';
  it.each([
    ['magnet.factor', dumped('str', '2.5'), unfit],
    ['magnet.factor', dumped('bool', true), unfit],
    ['magnet.factor', dumped('NoneType', null), unfit],
    ['magnet.factor', dumped('float', '2.5'), unfit],
    ['magnet.factor', dumped('float', 'NaN'), unfit],
    ['magnet.factor', dumped('float64', '2.5'), unfit],
    ['magnet.factor', dumped('int', 2.5), unfit],
    ['magnet.factor', dumped('int', 2 ** 60), unfit],
    ['magnet.factor', dumped('list', []), unfit],
    ['magnet.factor', dumped('datetime', '2026-11-24'), unfit],
    ['magnet.factor', dumped('constructor', 1), unfit],
    ['magnet.factor', quantity(1, 'V'), unfit],
    ['magnet.turns', dumped('float', 3), unfit],
    ['magnet.turns', dumped('float64', 3), unfit],
    ['magnet.turns', dumped('float', 3.5), unfit],
    ['magnet.name', dumped('int', 1), unfit],
    ['magnet.name', dumped('Enum', 'x', { name: 'X', enum: { x: 'x' } }), unfit],
    ['magnet.name', quantity(1, 'K'), unfit],
    ['magnet.armed', dumped('int', 1), unfit],
    ['magnet.armed', quantity(1, ''), unfit],
    ['magnet.range', dumped('Enum', 'none', { name: 'Range', enum: { none: 'low' } }), unfit],
    ['magnet.range', dumped('Enum', '__proto__', { name: 'Range', enum: {} }), unfit],
    ['magnet.range', dumped('Enum', 1, { name: 'Range', enum: {} }), unfit],
    ['magnet.range', dumped('str', 'none'), unfit],
    ['magnet.current', quantity(11, 'A'), unfit],
    ['magnet.current', quantity(10_001, 'mA'), unfit],
    ['magnet.current', quantity(1, 'V'), unfit],
    ['magnet.current', quantity(Number.NaN, 'A'), unfit],
    ['magnet.current', dumped('Quantity', { magnitude: '1', unit: 'A' }), unfit],
    ['magnet.current', dumped('Quantity', { magnitude: 1 }), unfit],
    ['magnet.current', dumped('Quantity', 1), unfit],
    ['magnet.limit', quantity(400, 'K'), unfit],
    ['magnet.flow', quantity(1, 'L/min'), unfit],
    ['magnet.flow', quantity(1, ''), unfit],
    ['magnet.flow', quantity(1, '?'), unfit],
    ['magnet.flow', quantity(1, 'SCCM'), unfit],
    ['magnet.current', 5, unfit],
    ['magnet.current', null, unfit],
    ['magnet.current', undefined, unfit],
    ['magnet.current', [], unfit],
    ['magnet.current', { type: 'float' }, unfit],
    ['magnet.current', { value: 1 }, unfit],
    ['magnet.current', Object.create({ type: 'float', value: 1 }), unfit],
    ['magnet.fixed', dumped('str', 'b'), 'VALUE_READ_ONLY'],
    ['magnet.temperature', quantity(1, 'K'), 'VALUE_READ_ONLY'],
    ['magnet.hold.status', dumped('str', 'RUNNING'), 'VALUE_READ_ONLY'],
    ['magnet.hold.autostart', dumped('bool', true), 'VALUE_READ_ONLY'],
    ['magnet.hold', dumped('str', 'x'), 'MEMBER_UNKNOWN'],
    ['magnet.hold.start', dumped('str', 'x'), 'MEMBER_UNKNOWN'],
    ['magnet.hold.lastError["message"]', dumped('str', 'x'), 'MEMBER_UNKNOWN'],
    ['magnet.ramp', dumped('str', 'x'), 'MEMBER_UNKNOWN'],
    ['magnet', dumped('dict', {}), 'MEMBER_UNKNOWN'],
    ['magnet.coils', dumped('list', []), 'MEMBER_UNKNOWN'],
    ['magnet.coils[2]', dumped('int', 1), 'MEMBER_UNKNOWN'],
    ['magnet.secret.gain', dumped('int', 2), 'MEMBER_UNKNOWN'],
    ['magnet.__proto__', dumped('int', 2), 'MEMBER_UNKNOWN'],
    ['magnet.nothing_there', dumped('int', 2), 'MEMBER_UNKNOWN'],
    [5, dumped('int', 2), 'MEMBER_UNKNOWN'],
    [['magnet', 'factor'], dumped('int', 2), 'MEMBER_UNKNOWN'],
    [undefined, dumped('int', 2), 'MEMBER_UNKNOWN'],
  ])('nothing: %j to %j is %s', async (path, node, code) => {
    const { control, root } = lab();
    const before = JSON.stringify([root.magnet.factor.value, root.magnet.current.value, root.magnet.range.value]);
    await expect(updateValue(control, path, node, anna)).rejects.toMatchObject({ code });
    expect(JSON.stringify([root.magnet.factor.value, root.magnet.current.value, root.magnet.range.value])).toBe(before);
  });

  test('a refusal says what would have been right', async () => {
    const { control } = lab();
    await expect(updateValue(control, 'magnet.current', quantity(1, 'V'), anna)).rejects.toThrow(
      'magnet.current takes a number from 0 to 10 A, not "1 V" (VALUE_INVALID)',
    );
    await expect(updateValue(control, 'magnet.range', dumped('Enum', 'x', {}), anna)).rejects.toThrow(
      'takes one of "auto", "low", "high", not the member "x" of an enum',
    );
  });
});

describe('a client calls', () => {
  const list = (...value: unknown[]): object => dumped('list', value);
  const dict = (value: object): object => dumped('dict', value);
  const answer = (to: number, mode: string, wait: boolean): object => ({
    type: 'dict',
    value: {
      to: { type: expect.stringMatching(/int|float/), value: to },
      mode: { value: mode },
      wait: { value: wait },
    },
  });

  it.each([
    [list(dumped('float', 2.5)), dict({}), answer(2.5, 'slow', true)],
    [list(), dict({ to: dumped('int', 2) }), answer(2, 'slow', true)],
    [undefined, dict({ to: quantity(500, 'mA'), wait: dumped('bool', false) }), answer(0.5, 'slow', false)],
    [list(quantity(500, 'mA'), dumped('str', 'fast'), dumped('bool', false)), undefined, answer(0.5, 'fast', false)],
    [
      list(dumped('int', 1)),
      dict({ mode: dumped('Enum', 'fast', { name: 'Mode', enum: {} }) }),
      answer(1, 'fast', true),
    ],
    [list(dumped('int', 1)), null, answer(1, 'slow', true)],
  ])('a command with %j and %j', async (args, kwargs, node) => {
    const { control } = lab();
    expect(await triggerMethod(control, 'magnet.ramp', args, kwargs, anna)).toMatchObject(node);
  });

  it.each([
    [list(), dict({})],
    [list(dumped('float', 11)), dict({})],
    [list(dumped('str', '1')), dict({})],
    [list(dumped('float', 1)), dict({ to: dumped('float', 1) })],
    [list(dumped('float', 1)), dict({ speed: dumped('float', 1) })],
    [list(dumped('float', 1)), JSON.parse('{"type":"dict","value":{"__proto__":{"type":"int","value":1}}}')],
    [list(...Array(4).fill(dumped('int', 1))), dict({})],
    [list(...Array(1000).fill(dumped('int', 1))), dict({})],
    [list(1), dict({})],
    [dict({}), list()],
    [[1], {}],
    ['x', 5],
    [list(quantity(1, 'V')), dict({})],
  ])('nothing with %j and %j', async (args, kwargs) => {
    const { control } = lab();
    await expect(triggerMethod(control, 'magnet.ramp', args, kwargs, anna)).rejects.toMatchObject({
      code: 'VALUE_INVALID',
    });
  });

  test('a command without a result gets a node of nothing', async () => {
    const { control } = lab();
    expect(await triggerMethod(control, 'magnet.nothing', list(), dict({}), anna)).toEqual({
      full_access_path: '',
      type: 'NoneType',
      value: null,
      readonly: true,
      doc: null,
    });
  });

  test('the methods of a task, which take nothing', async () => {
    const { control, root } = lab();
    expect(await triggerMethod(control, 'magnet.hold.start', list(), dict({}), anna)).toMatchObject({
      type: 'NoneType',
    });
    expect(root.magnet.hold.status).toBe('RUNNING');
    await triggerMethod(control, 'magnet.hold.restart', undefined, undefined, anna);
    expect(root.magnet.hold.status).toBe('RUNNING');
    await triggerMethod(control, 'magnet.hold.stop', undefined, undefined, anna);
    expect(root.magnet.hold.state).toBe('inactive');
    await expect(triggerMethod(control, 'magnet.hold.start', list(dumped('int', 1)), null, anna)).rejects.toMatchObject(
      {
        code: 'VALUE_INVALID',
      },
    );
    expect(root.magnet.hold.state).toBe('inactive');
  });

  test('those of a task are on record also where the path is none, or too much is given', async () => {
    const { control, writes } = lab();
    const given = list(dumped('int', 1));
    await expect(triggerMethod(control, 'magnet.hold.stop', given, undefined, anna)).rejects.toThrow('no arguments');
    await expect(triggerMethod(control, 'nothing.start', undefined, undefined, anna)).rejects.toThrow('nothing.start');
    expect(writes).toMatchObject([
      { path: 'magnet.hold', what: 'stop', outcome: { code: 'VALUE_INVALID' } },
      { path: 'nothing.start', what: 'call', outcome: { code: 'MEMBER_UNKNOWN' } },
    ]);
  });

  it.each([
    'magnet',
    'magnet.hold',
    'magnet.current',
    'magnet.hold.status',
    'magnet.hold.bind',
    'magnet.current.set',
    'magnet.ramp.call',
    'magnet.coils.add',
    'magnet.detectors.delete',
    'start',
    'magnet.start',
    '',
    '.start',
    'magnet.constructor',
    'magnet.hold.constructor',
    5,
    null,
  ])('nothing else: %j', async (path) => {
    const { control } = lab();
    await expect(triggerMethod(control, path, undefined, undefined, anna)).rejects.toMatchObject({
      code: 'MEMBER_UNKNOWN',
    });
  });

  test('a result of any kind, as far as it can be told', async () => {
    const circle: unknown[] = [];
    circle.push(circle);
    const results: Record<string, unknown> = {
      many: [1, 1.5, 'x', true, null, Number.NaN, new Date(0), new Map([['a', 1]]), new Uint8Array([1, 2])],
      circle,
      function: () => 1,
      symbol: Symbol('x'),
      huge: Array(200_000).fill(0),
    };
    class Root extends DataService {
      readonly give = command({ parameters: { what: { type: 'text' } } }, ({ what }) => results[what]);
    }
    const control = new Control(new Root());
    const give = (what: string): Promise<unknown> =>
      triggerMethod(control, 'give', list(dumped('str', what)), undefined, anna);
    expect(await give('many')).toMatchObject({
      type: 'list',
      value: [
        { type: 'int', full_access_path: '[0]' },
        { type: 'float' },
        { type: 'str' },
        { type: 'bool' },
        { type: 'NoneType' },
        { type: 'NoneType' },
        { type: 'datetime', value: '1970-01-01T00:00:00.000Z' },
        { type: 'dict', value: { a: { type: 'int', full_access_path: '[7]["a"]' } } },
        { type: 'list' },
      ],
    });
    for (const what of ['circle', 'function', 'symbol', 'huge']) {
      await expect(give(what)).rejects.toMatchObject({ code: 'VALUE_INVALID' });
    }
  });
});
