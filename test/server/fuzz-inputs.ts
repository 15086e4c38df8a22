import fc from 'fast-check';

/** Names that have ended other servers, and names that are there. */
const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'secret',
  'waited',
  'error',
  'connect',
  'disconnect',
  '',
  'title',
  'interval',
  'range',
  'armed',
  'fixed',
  'temperature',
  'first',
  'first[0]',
  'first[0].gain',
  'detectors["a"].gain',
  'detectors["__proto__"].gain',
  'work',
  'work.status',
  'work.start',
  'work.stop',
  'double',
  'add',
  'fail',
];

/** Access paths, good and bad. */
export const anyPath = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...names) },
  fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)).map(([a, b]) => `${a}.${b}`),
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.nat(100_000).map((length) => 'a.'.repeat(length)),
  fc.nat(100_000).map((length) => `first${'[0]'.repeat(length)}`),
);

const types = ['int', 'float', 'bool', 'str', 'NoneType', 'Quantity', 'Enum', 'list', 'dict', 'method', 'Exception'];
const units = ['s', 'ms', 'K', 'degC', 'furlong', '1/0', '__proto__', 's'.repeat(10_000)];

const number = fc.oneof(fc.integer({ min: -1, max: 12 }), fc.double({ noNaN: true, noDefaultInfinity: true }));

const { value: anyNode } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    number.map((value) => ({ type: 'float', value })),
    fc.string().map((value) => ({ type: 'str', value })),
    fc.record({
      type: fc.constant('Quantity'),
      value: fc.record({ magnitude: number, unit: fc.constantFrom(...units) }),
    }),
    fc.record({ type: fc.constant('Enum'), value: fc.constantFrom('low', 'high', 'medium', '__proto__') }),
    fc.record({ type: fc.constantFrom(...types, ...names), value: tie('value') }),
    fc.record({ type: fc.constant('list'), value: fc.array(tie('value'), { maxLength: 3 }) }),
    fc.record({
      type: fc.constant('dict'),
      value: fc.dictionary(fc.constantFrom('x', 'y', ...names), tie('value'), { maxKeys: 3 }),
    }),
    fc.jsonValue(),
  ),
}));

/** JSON of every kind: what a client should send, nearly that, and anything else. */
export const anyJson = fc.oneof(
  { weight: 4, arbitrary: fc.record({ access_path: anyPath, value: anyNode }, { requiredKeys: [] }) },
  { weight: 4, arbitrary: fc.record({ access_path: anyPath, args: anyNode, kwargs: anyNode }, { requiredKeys: [] }) },
  { weight: 2, arbitrary: fc.record({ access_path: fc.jsonValue(), value: fc.jsonValue() }) },
  fc.record({ paths: fc.oneof(fc.array(anyPath, { maxLength: 3 }), fc.jsonValue()), maxHz: fc.jsonValue() }),
  anyNode,
  anyPath,
  fc.nat(300_000).map((length) => 'x'.repeat(length)),
  fc.jsonValue(),
);

/** Nested so deeply that whoever walks it by recursion falls; as text, since here too whatever makes it would fall. */
export const deepText = fc
  .tuple(fc.nat(100_000), fc.constantFrom(['[', ']'], ['{"type":"list","value":[', ']}'], ['{"a":', '}']))
  .map(([depth, [opening = '', closing = '']]) => {
    const levels = Math.floor(depth / opening.length);
    return `${opening.repeat(levels)}1${closing.repeat(levels)}`;
  });

/** JSON as it is written, and what is none. */
export const anyBody = fc.oneof(
  { weight: 4, arbitrary: anyJson.map((json) => JSON.stringify(json)) },
  fc.string({ unit: 'binary' }),
  fc.nat(200_000).map((depth) => '['.repeat(depth)),
  deepText,
  deepText.map((deep) => `{"access_path":"title","value":${deep}}`),
  deepText.map((deep) => `{"access_path":"double","args":${deep}}`),
  deepText.map((deep) => `{"access_path":"double","kwargs":{"type":"dict","value":{"x":${deep}}}}`),
  anyPath.map((path) => `{"__proto__":{"access_path":${JSON.stringify(path)}},"access_path":${JSON.stringify(path)}}`),
  anyPath.map((path) => `{"constructor":{"prototype":{"a":1}},"access_path":${JSON.stringify(path)}}`),
);
