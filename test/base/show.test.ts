import { expect, it } from 'vitest';
import { show } from '../../src/base/index.ts';

it.each([
  ['auto', '"auto"'],
  ['a\u001b[2J\u009b31m\u007f\r', String.raw`"a\u001b[2J\u009b31m\u007f\r"`],
  ['x'.repeat(81), `"${'x'.repeat(80)}…"`],
  [1.5, '1.5'],
  [null, 'null'],
  [undefined, 'undefined'],
  [[1], 'an array'],
  [{}, 'an object'],
  [show, 'a function'],
])('shows %j as %s: short, and nothing that a terminal would obey', (value, shown) => {
  expect(show(value)).toBe(shown);
});
