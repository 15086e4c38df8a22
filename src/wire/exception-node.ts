import { codeOf, maskSecrets, toError } from '../base/index.ts';
import type { ExceptionNode } from './node.ts';

/**
 * A client makes an exception of this name, of its language's own where it has one: none that would end it, nor the one
 * at which pydase's client sets an attribute of its own instead, without a word.
 */
const HARMLESS =
  /^(?!Unicode|Keyboard|Generator|System(?!Error)|BaseException|AttributeError)[A-Z][A-Za-z]{0,58}(?:Error|Exception|Lost)$/;

/** What a client gets in place of a value where something went wrong, without the secrets of URLs and headers. */
export function exceptionNode(thrown: unknown): ExceptionNode {
  const error = toError(thrown);
  const code = codeOf(error);
  return {
    full_access_path: '',
    doc: null,
    readonly: true,
    type: 'Exception',
    value: maskSecrets(error.message),
    name: HARMLESS.test(error.name) ? error.name : 'Exception',
    ...(code !== null && { code }),
  };
}
