import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { toError } from '../../src/base/index.ts';

it('an error is taken as it is', () => {
  const error = new TypeError('no number');
  expect(toError(error)).toBe(error);
});

const throwing = (key: string): Error =>
  Object.defineProperty(new Error('m'), key, {
    get() {
      throw new Error('not to be read');
    },
  });

it.each([
  ['a text', 'no answer', 'no answer'],
  ['nothing', undefined, 'undefined'],
  ['an object', { code: 1 }, 'an object'],
  ['an object with a message', { message: 'no answer' }, 'no answer'],
  ['an error of another realm', runInNewContext("new Error('no answer')"), 'no answer'],
  ['an error without a text', Object.assign(new Error('x'), { message: { deep: true } }), 'an object'],
  ['an error whose message cannot be read', throwing('message'), 'An error that cannot be read'],
  ['an error whose name cannot be read', throwing('name'), 'An error that cannot be read'],
  ['an error whose code cannot be read', throwing('code'), 'An error that cannot be read'],
])('%s becomes an error that can be read', (_what, thrown, message) => {
  const error = toError(thrown);
  expect(error).toBeInstanceOf(Error);
  expect(error.message).toBe(message);
});
