import { describe, expect, it } from 'vitest';
import {
  addMember,
  command,
  DataService,
  reading,
  removeMember,
  resolve,
  serviceList,
  serviceMap,
  setting,
  walk,
} from '../../src/service/index.ts';
import { task } from '../../src/task/index.ts';

class Leaf extends DataService {
  readonly gain = setting(1);
}

class Base extends DataService {
  readonly first = setting(1);
}

class Root extends Base {
  readonly work = task({}, async () => {});
  readonly nested = new Leaf();
  readonly array = [new Leaf(), new Leaf()];
  readonly list = serviceList([new Leaf()]);
  readonly map = serviceMap([['a "b"', new Leaf()]]);
  readonly temperature = reading({ unit: 'K' });
  readonly zero = command({}, async () => {});
  readonly plain = 5;
  readonly numbers = [1, 2];
  readonly object = { gain: setting(1) };
  readonly #hidden = setting(1);
  hidden(): number {
    return this.#hidden.value;
  }
}

const paths = (service: DataService): string[] => walk(service).map(({ path }) => path);

describe('walk', () => {
  it('finds what is exposed, in declaration order, inherited members first', () => {
    expect(paths(new Root())).toEqual([
      '',
      'first',
      'work',
      'nested',
      'nested.gain',
      'array',
      'array[0]',
      'array[0].gain',
      'array[1]',
      'array[1].gain',
      'list',
      'list[0]',
      'list[0].gain',
      'map',
      'map["a \\"b\\""]',
      'map["a \\"b\\""].gain',
      'temperature',
      'zero',
    ]);
  });

  it('visits each thing once, and does not follow a child to its parent', () => {
    class Child extends DataService {
      parent: DataService | undefined;
      readonly gain = setting(1);
    }
    class Parent extends DataService {
      readonly child = new Child();
      readonly again = this.child;
      readonly loop: unknown[] = [this.child];
    }
    const parent = new Parent();
    parent.child.parent = parent;
    parent.loop.push(parent.loop);
    expect(paths(parent)).toEqual(['', 'child', 'child.gain', 'loop']);
  });

  it('never calls a getter', () => {
    class Getter extends DataService {
      constructor() {
        super();
        Object.defineProperty(this, 'trap', {
          enumerable: true,
          get: () => {
            throw new Error('called');
          },
        });
      }
    }
    expect(paths(new Getter())).toEqual(['']);
  });
});

describe('resolve', () => {
  const root = new Root();

  it('finds services, collections, members, and what is below a member', () => {
    expect(resolve(root, '').node).toBe(root);
    expect(resolve(root, 'array[1].gain').node).toBe(root.array[1]?.gain);
    expect(resolve(root, 'map["a \\"b\\""]').node).toBe(root.map.get('a "b"'));
    expect(resolve(root, 'list').node).toBe(root.list);
    expect(resolve(root, 'work.status')).toEqual({ path: 'work.status', node: root.work, attribute: 'status' });
    expect(resolve(root, 'work.start')).toMatchObject({ node: root.work, attribute: 'start' });
  });

  it.each([
    ...['__proto__', 'constructor', 'constructor.prototype', 'nested.__proto__', 'nested.constructor', 'hidden'],
    ...['plain', 'numbers', 'numbers[0]', 'object', 'object.gain', 'array.length', 'array[2]', 'array["0"]'],
    ...['list.length', 'list.add', 'map.size', 'map["b"]', 'map["__proto__"]', 'map[0]', 'toString', 'valueOf'],
    ...['work.options', 'work.__proto__', 'work.constructor', 'work.status.length', 'work[0]', 'work["status"]'],
    ...['first.value', 'first.set', 'zero.call', 'zero.apply', 'zero.prototype', 'no', 'nested.no', 'a..b'],
  ])('gives nothing for %s', (path) => {
    expect(() => resolve(root, path)).toThrow('MEMBER_UNKNOWN');
  });

  it('does not lead round in circles', () => {
    class Child extends DataService {
      parent: DataService | undefined;
    }
    class Parent extends DataService {
      readonly child = new Child();
    }
    const parent = new Parent();
    parent.child.parent = parent;
    expect(resolve(parent, 'child').node).toBe(parent.child);
    expect(() => resolve(parent, 'child.parent')).toThrow('MEMBER_UNKNOWN');
  });
});

describe('services that come and go', () => {
  it('a list keeps its order and closes its gaps', () => {
    const [a, b, c] = [new Leaf(), new Leaf(), new Leaf()];
    const list = serviceList([a]);
    list.add(b, c);
    expect([list.length, list.at(-1), [...list]]).toEqual([3, c, [a, b, c]]);
    expect([list.remove(b), list.remove(b), [...list]]).toEqual([true, false, [a, c]]);
  });

  it('a map has texts as keys', () => {
    const [a, b] = [new Leaf(), new Leaf()];
    const map = serviceMap([['a', a]]);
    map.set('b', b);
    expect([map.size, map.get('a'), map.has('b'), map.has('c'), [...map.keys()]]).toEqual([
      2,
      a,
      true,
      false,
      ['a', 'b'],
    ]);
    expect([[...map], [...map.values()]]).toEqual([
      [
        ['a', a],
        ['b', b],
      ],
      [a, b],
    ]);
    expect([map.delete('a'), map.delete('a'), map.size]).toEqual([true, false, 1]);
    expect(() => map.set(5 as never, a)).toThrow('VALUE_INVALID');
  });

  it('collections take nothing but services', () => {
    expect(() => serviceList([5 as never])).toThrow('VALUE_INVALID');
    expect(() => serviceList().add({} as never)).toThrow('VALUE_INVALID');
    expect(() => serviceMap().set('a', { gain: setting(1) } as never)).toThrow('VALUE_INVALID');
  });

  it('a member may be hung beside whatever the class has that is not exposed', () => {
    const root = new Root();
    for (const name of ['hidden', 'constructor', 'cryostat']) {
      addMember(root, name, setting(1));
      expect(resolve(root, name).attribute).toBe('');
      expect(() => addMember(root, name, setting(1))).toThrow('VALUE_INVALID');
    }
    expect(() => addMember(root, 'work', setting(1))).toThrow('VALUE_INVALID');
    expect(paths(root)).toContain('constructor');
  });

  it('a service may be hung under a plain name, and taken away', () => {
    const root = new Root();
    addMember(root, 'cryostat', new Leaf());
    expect(paths(root)).toContain('cryostat.gain');
    expect(resolve(root, 'cryostat.gain').attribute).toBe('');
    for (const taken of ['cryostat', 'work', 'hidden', 'constructor', '__proto__']) {
      expect(() => addMember(root, taken, new Leaf())).toThrow('VALUE_INVALID');
    }
    expect(() => addMember(root, 'other', {} as never)).toThrow('VALUE_INVALID');
    expect(() => addMember(root, 'no name', new Leaf())).toThrow('VALUE_INVALID');
    expect([removeMember(root, 'cryostat'), removeMember(root, 'cryostat')]).toEqual([true, false]);
    expect(paths(root)).not.toContain('cryostat.gain');
  });
});
