import { describe, expect, it } from 'vitest';
import { LabwireError } from '../../src/base/index.ts';
import { DataService, observe, serviceMap, setting, task } from '../../src/index.ts';
import { changeNode, exceptionNode, nodeAt, serialise, type WireNode } from '../../src/wire/index.ts';
import { Detector, lab } from './lab.ts';

/** Every node of a tree that has a path. */
function* nodesOf(node: WireNode): Generator<WireNode> {
  yield node;
  if (node.type === 'list') for (const child of node.value) yield* nodesOf(child);
  else if (typeof node.value === 'object' && node.value !== null && node.type !== 'Quantity') {
    for (const child of Object.values(node.value as Record<string, WireNode>)) yield* nodesOf(child);
  }
}

const head = { readonly: false, doc: null };

describe('the node of', () => {
  it.each([
    ['magnet.factor', { type: 'float', value: 0.5, ...head }],
    ['magnet.turns', { type: 'int', value: 3, ...head }],
    ['magnet.name', { type: 'str', value: 'coil', ...head }],
    ['magnet.armed', { type: 'bool', value: false, ...head }],
    ['magnet.flow', { type: 'float', value: 5, unit: 'SCCM', ...head }],
    ['magnet.odd', { type: 'str', value: '_x_', ...head }],
    ['magnet.fixed', { type: 'str', value: 'a', readonly: true, doc: null }],
    ['magnet.count', { type: 'NoneType', value: null, readonly: true, doc: null }],
    [
      'magnet.current',
      {
        type: 'Quantity',
        value: { magnitude: 1.5, unit: 'A' },
        readonly: false,
        doc: 'Of the coil.',
        unit: 'A',
        minimum: 0,
        maximum: 10,
      },
    ],
    [
      'magnet.range',
      { type: 'Enum', value: 'auto', name: 'Range', enum: { auto: 'auto', low: 'low', high: 'high' }, ...head },
    ],
    ['magnet.steps', { type: 'Enum', value: '1', name: 'Steps', enum: { 1: 1, 2: 2, 5: 5 }, ...head }],
    ['magnet.detectors["a"].gain', { type: 'int', value: 1, minimum: 0, maximum: 10, ...head }],
    [
      'magnet.hold.status',
      {
        type: 'Enum',
        name: 'TaskStatus',
        value: 'NOT_RUNNING',
        readonly: true,
        doc: null,
        enum: { RUNNING: 'running', NOT_RUNNING: 'not_running' },
      },
    ],
    [
      'magnet.hold.start',
      {
        type: 'method',
        value: null,
        readonly: true,
        doc: null,
        async: false,
        signature: { parameters: {}, return_annotation: {} },
        frontend_render: true,
      },
    ],
  ])('%s', (path, node) => {
    expect(nodeAt(lab().root, path)).toEqual({ full_access_path: path, ...node });
  });

  it('a reading shows what was read, in its unit as pint writes it', () => {
    const { root } = lab();
    root.magnet.temperature.value = 4.2;
    expect(nodeAt(root, 'magnet.temperature')).toEqual({
      full_access_path: 'magnet.temperature',
      type: 'Quantity',
      value: { magnitude: 4.2, unit: 'K' },
      readonly: true,
      doc: 'Of the coil.',
      unit: 'K',
    });
  });

  it('a command says what it takes', () => {
    expect(nodeAt(lab().root, 'magnet.ramp')).toEqual({
      full_access_path: 'magnet.ramp',
      type: 'method',
      value: null,
      readonly: true,
      doc: 'Goes to a current.',
      async: true,
      frontend_render: true,
      tier: 'stateful',
      signature: {
        return_annotation: {},
        parameters: {
          to: { annotation: "<class 'float'>", default: {}, unit: 'A', minimum: 0, maximum: 10 },
          mode: {
            annotation: "<class 'str'>",
            options: ['slow', 'fast'],
            default: {
              type: 'Enum',
              value: 'slow',
              name: 'Mode',
              enum: { slow: 'slow', fast: 'fast' },
              readonly: false,
              doc: null,
            },
          },
          wait: { annotation: "<class 'bool'>", default: { type: 'bool', value: true, readonly: false, doc: null } },
        },
      },
    });
  });

  it('a task is a service with its values and methods', () => {
    const { root } = lab();
    const node = nodeAt(root, 'magnet.hold');
    expect(node).toMatchObject({
      type: 'Task',
      name: 'Task',
      doc: 'Holds the current.',
      value: {
        autostart: { type: 'bool', value: false, readonly: true, full_access_path: 'magnet.hold.autostart' },
        state: { type: 'str', value: 'inactive' },
        restarts: { type: 'int', value: 0 },
        lastError: { type: 'NoneType', value: null },
        start: { type: 'method' },
        stop: { type: 'method' },
        restart: { type: 'method' },
      },
    });
  });

  it('an error says its class and code, and none that would end a client', () => {
    expect(exceptionNode(new LabwireError('VALUE_INVALID', 'too much'))).toEqual({
      full_access_path: '',
      type: 'Exception',
      value: 'too much (VALUE_INVALID)',
      name: 'LabwireError',
      code: 'VALUE_INVALID',
      readonly: true,
      doc: null,
    });
    expect(exceptionNode(new TypeError('x')).name).toBe('TypeError');
    expect(exceptionNode(new Error('mqtt://anna:pw@host is away')).value).toBe('mqtt://***@host is away');
    const harmful = ['SystemExit', 'KeyboardInterrupt', 'GeneratorExit', 'BaseException', 'AttributeError'];
    for (const name of [...harmful, 'UnicodeDecodeError', 'print', '']) {
      expect(exceptionNode(Object.assign(new Error('x'), { name })).name).toBe('Exception');
    }
    expect(exceptionNode('just a text')).toMatchObject({ type: 'Exception', value: 'just a text' });
  });
});

describe('the whole tree', () => {
  it('has every node under its own path, and each can be asked for by it', () => {
    const { root } = lab();
    root.magnet.hold.start();
    const all = [...nodesOf(serialise(root))].filter(({ full_access_path }) => full_access_path !== '');
    expect(all.length).toBeGreaterThan(30);
    for (const node of all) expect(nodeAt(root, node.full_access_path)).toEqual(node);
    expect(new Set(all.map(({ full_access_path }) => full_access_path)).size).toBe(all.length);
  });

  it('has nothing that the loader of a pydase client does not know', () => {
    const keys = ['full_access_path', 'type', 'value', 'readonly', 'doc'];
    const more: Record<string, readonly string[]> = {
      DataService: ['name'],
      Task: ['name'],
      Enum: ['name', 'enum'],
      method: ['async', 'signature', 'frontend_render'],
    };
    const known = ['int', 'float', 'bool', 'str', 'NoneType', 'Quantity', 'list', 'dict', ...Object.keys(more)];
    const { root } = lab();
    root.magnet.temperature.value = 1;
    for (const node of nodesOf(JSON.parse(JSON.stringify(serialise(root))))) {
      expect(Object.keys(node)).toEqual(expect.arrayContaining([...keys, ...(more[node.type] ?? [])]));
      expect(known).toContain(node.type);
      if (node.type === 'Enum') expect(node.enum).toHaveProperty(node.value);
    }
  });

  it('begins at the root, with services, lists and maps as pydase has them', () => {
    const node = serialise(lab().root);
    expect(node).toMatchObject({ full_access_path: '', type: 'DataService', name: 'Lab', readonly: false });
    const { magnet } = node.value as Record<string, WireNode>;
    expect(magnet).toMatchObject({
      type: 'DataService',
      name: 'Magnet',
      value: {
        detectors: { type: 'dict', value: { a: { type: 'DataService', name: 'Detector' } } },
        coils: { type: 'list', value: [{ full_access_path: 'magnet.coils[0]' }, { type: 'DataService' }] },
      },
    });
    expect(JSON.stringify(node)).not.toMatch(/secret|#own|"own"/);
  });

  it('shows what is under a key that is a snare for objects', () => {
    class Root extends DataService {
      readonly all = serviceMap([['__proto__', new Detector()]]);
    }
    const root = new Root();
    const text = JSON.stringify(serialise(root));
    expect(Object.entries(JSON.parse(text).value.all.value)).toMatchObject([['__proto__', { name: 'Detector' }]]);
    expect(nodeAt(root, 'all["__proto__"].gain')).toMatchObject({ type: 'int', value: 1 });
  });

  it('ends where a child holds its parent', () => {
    class Child extends DataService {
      readonly x = setting(1);
      parent: unknown;
    }
    class Root extends DataService {
      readonly child = new Child();
    }
    const root = new Root();
    root.child.parent = root;
    expect(JSON.stringify(serialise(root))).not.toContain('parent');
  });

  it.each([
    'nothing',
    'magnet.secret',
    'magnet.secret.gain',
    'magnet.own',
    'magnet.constructor',
    '__proto__',
    'magnet.__proto__',
    'magnet.toString',
    'magnet.hold.board',
    'magnet.hold.options',
    'magnet.current.value',
    'magnet.detectors["b"]',
    'magnet.detectors["__proto__"]',
    'magnet.detectors.a',
    'magnet.detectors.size',
    'magnet.coils[2]',
    'magnet.coils["0"]',
    'magnet.coils.length',
    'magnet.hold.lastError["message"]',
    'magnet.hold.status.value',
    'magnet.',
    '.magnet',
    'magnet[0]',
    ' magnet',
  ])('has nothing at %j', (path) => {
    expect(() => nodeAt(lab().root, path)).toThrow('MEMBER_UNKNOWN');
  });

  it('leads into what a task says of its last error', async () => {
    class Broken extends DataService {
      readonly work = task({ restartOnException: false }, async () => {
        throw new LabwireError('REPLY_TIMEOUT', 'silence');
      });
    }
    const broken = new Broken();
    broken.work.start();
    await new Promise((resolve) => setImmediate(resolve));
    expect(nodeAt(broken, 'work.lastError["code"]')).toMatchObject({
      full_access_path: 'work.lastError["code"]',
      type: 'str',
      value: 'REPLY_TIMEOUT',
      readonly: true,
    });
    expect(() => nodeAt(broken, 'work.lastError["__proto__"]')).toThrow('MEMBER_UNKNOWN');
    expect(() => nodeAt(broken, 'work.lastError["code"]["x"]')).toThrow('MEMBER_UNKNOWN');
  });
});

describe('a change', () => {
  it('is told as the node of what changed, with the value that it had then', async () => {
    const { root } = lab();
    const told: (WireNode | undefined)[] = [];
    const end = observe(root, (change) => void told.push(changeNode(root, change)));
    await root.magnet.current.set(2);
    await root.magnet.current.set(3);
    root.magnet.hold.start();
    await new Promise((resolve) => setImmediate(resolve));
    end();
    expect(told.slice(0, 2)).toMatchObject([
      { full_access_path: 'magnet.current', value: { magnitude: 2, unit: 'A' } },
      { full_access_path: 'magnet.current', value: { magnitude: 3, unit: 'A' } },
    ]);
    expect(told).toContainEqual(
      expect.objectContaining({ full_access_path: 'magnet.hold.status', type: 'Enum', value: 'RUNNING' }),
    );
  });

  it('of a collection is told as the whole collection, and of what is gone not at all', () => {
    const { root } = lab();
    root.magnet.detectors.set('b', new Detector());
    const node = changeNode(root, { path: 'magnet.detectors', value: root.magnet.detectors });
    expect(Object.keys(node?.value ?? {})).toEqual(['a', 'b']);
    expect(changeNode(root, { path: 'magnet.detectors["c"].gain', value: 1 })).toBeUndefined();
    expect(changeNode(root, { path: 'magnet.count', value: null })).toMatchObject({ type: 'NoneType' });
  });
});
