import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RemoteError } from '../../src/client/index.ts';
import { Mirror } from '../../src/client/mirror.ts';
import { isNode, type RemoteNode } from '../../src/client/node.ts';
import { nodeOfValue, valueOfNode } from '../../src/client/node-values.ts';

const node = (type: string, value: unknown, more: object = {}): RemoteNode => ({
  full_access_path: '',
  readonly: false,
  doc: null,
  type,
  value,
  ...more,
});

describe('the value of a node', () => {
  it.each([
    [node('int', 3), 3],
    [node('NoneType', null), null],
    [node('Quantity', { magnitude: 4.2, unit: 'K' }), 4.2],
    [node('Quantity', { magnitude: null, unit: 'K' }), null],
    [node('Enum', 'FAST', { name: 'Mode', enum: { FAST: 2, SLOW: 1 } }), 2],
    [node('Enum', 'GONE', { name: 'Mode', enum: {} }), 'GONE'],
    [node('list', [node('int', 1), node('str', 'x')]), [1, 'x']],
    [node('dict', { a: node('bool', true) }), { a: true }],
    [node('DeviceConnection', { connected: node('bool', true), connect: node('method', null) }), { connected: true }],
    [node('datetime', '2026-11-24T03:40:00Z'), '2026-11-24T03:40:00Z'],
  ])('%j is %j', (given, value) => {
    expect(valueOfNode(given)).toEqual(value);
  });

  it('of an exception is thrown', () => {
    expect(() => valueOfNode(node('Exception', 'no', { name: 'ValueError' }))).toThrow(RemoteError);
  });
});

describe('a value that is sent', () => {
  it.each([
    [5, node('Quantity', { magnitude: 1, unit: 'K' }), { type: 'Quantity', value: { magnitude: 5, unit: 'K' } }],
    [5, node('float', 1), { type: 'float', value: 5 }],
    [5, node('int', 1), { type: 'int', value: 5 }],
    [5.5, node('int', 1), { type: 'float', value: 5.5 }],
    [2, node('Enum', 'SLOW', { enum: { FAST: 2, SLOW: 1 } }), { type: 'Enum', value: 'FAST' }],
    ['FAST', node('Enum', 'SLOW', { enum: { FAST: 2, SLOW: 1 } }), { type: 'str', value: 'FAST' }],
    [{ magnitude: 5, unit: 'mV' }, node('float', 1), { type: 'Quantity', value: { magnitude: 5, unit: 'mV' } }],
    ['2026-11-24', node('datetime', ''), { type: 'datetime', value: '2026-11-24' }],
    [null, undefined, { type: 'NoneType', value: null }],
  ])('%j for %j', (value, like, sent) => {
    expect(nodeOfValue(value, like)).toMatchObject(sent);
  });

  it('comes back as it went', () => {
    const plain = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constant(null),
        fc.boolean(),
        fc.string(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.array(tie('value')),
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          tie('value'),
        ),
      ),
    })).value;
    const isQuantity = (value: unknown): boolean => JSON.stringify(value)?.includes('magnitude') ?? false;
    fc.assert(
      fc.property(
        plain.filter((value) => !isQuantity(value)),
        (value) => {
          expect(valueOfNode(nodeOfValue(value))).toEqual(value);
        },
      ),
    );
  });
});

describe('the mirror of a tree', () => {
  it('takes whatever a server says without an error of its own', () => {
    const tree = node('DataService', { a: node('list', [node('int', 1)]) });
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('a', 'a[0]', 'a[0].b', 'b', 'a.length', 'a.constructor', '__proto__', ''),
        (value, path) => {
          const mirror = new Mirror();
          mirror.replace(structuredClone(tree));
          mirror.put({ ...node('list', value), full_access_path: path });
          const found = mirror.at('a[0]');
          expect(found === undefined || isNode(found)).toBe(true);
          expect(mirror.at('a.constructor')).toBeUndefined();
          expect(mirror.replace(structuredClone(tree))).toBeInstanceOf(Array);
          if (mirror.root) valueOfNode(mirror.root);
        },
      ),
    );
    expect({}).not.toHaveProperty('polluted');
  });
});
