import { codeOf, type ErrorCode, errorCodes, isObject, LabwireError, toError } from '../base/index.ts';
import { isNode } from './node.ts';

/** What the server answered instead of a value: an error that was thrown there. */
export class RemoteError extends Error {
  /** The class of the error over there, e.g. `LabwireError` or Python's `ValueError`. */
  override readonly name: string;
  /** A code of labwire such as `VALUE_INVALID`; `REMOTE` of an error without one. */
  readonly code: string;
  /** The message without its code. */
  readonly detail: string;

  constructor(name: string, message: string, code?: string) {
    super(message);
    const [, detail, written] = /^(.*) \(([A-Z][A-Z0-9_]*)\)$/s.exec(message) ?? [];
    this.name = name;
    this.code = code ?? written ?? 'REMOTE';
    this.detail = written === undefined || written !== this.code ? message : (detail ?? message);
  }
}

/** Throws what an `Exception` node tells; gives back everything else. */
export function unlessException(answer: unknown): unknown {
  if (!isNode(answer) || answer.type !== 'Exception') return answer;
  const { name = 'Exception', value, code } = answer;
  throw new RemoteError(name, String(value), typeof code === 'string' ? code : undefined);
}

/** Why a connection could not be made; `final` where another attempt would end the same way. */
export interface ConnectionFault {
  readonly error: LabwireError;
  readonly final: boolean;
}

/** What kept a connection from being made, in labwire's words. */
export function connectionFault(url: string, thrown: unknown): ConnectionFault {
  const error = toError(thrown);
  const refused = (code: ErrorCode, why: string): ConnectionFault => ({
    error: new LabwireError(code, `The server at ${url} ${why}`, { cause: error }),
    final: code === 'UNAUTHENTICATED' || code === 'FORBIDDEN',
  });
  const { data } = error as { data?: unknown };
  const says = `says: ${error.message.replace(/ \([A-Z][A-Z0-9_]*\)$/, '')}`;
  if (isObject(data) && typeof data.code === 'string' && Object.hasOwn(errorCodes, data.code)) {
    return refused(data.code as ErrorCode, says);
  }
  if (data !== undefined) return refused('GATEWAY_REFUSED', says);
  switch (statusOf(error)) {
    case 401:
      return refused('UNAUTHENTICATED', 'needs a token, or user and password, and does not know those that were given');
    case 403:
      return refused('FORBIDDEN', 'does not let this client in');
    case 429:
      return refused('TOO_MANY_ATTEMPTS', 'had too many attempts with wrong credentials; try again later');
    default:
      return refused('GATEWAY_UNREACHABLE', `does not answer: ${reasonOf(error)}`);
  }
}

/** Whether the connection broke before the answer came. */
export const isLoss = (error: unknown): boolean => error instanceof Error && codeOf(error) === 'CONNECTION_LOST';

/** Of the handshake, where it was answered by HTTP: engine.io hides it in its own description. */
function statusOf(error: Error): number | undefined {
  const { description, context } = error as { description?: unknown; context?: unknown };
  if (typeof description === 'number') return description;
  const status = isObject(context) ? context.status : undefined;
  if (typeof status === 'number' && status > 0) return status;
  const written = /server response: (\d{3})/.exec(isObject(description) ? String(description.message) : '');
  return written ? Number(written[1]) : undefined;
}

/** What the network said, where it can be known; engine.io's own words are no more than the name of its transport. */
function reasonOf(error: Error): string {
  const { description, context } = error as { description?: unknown; context?: { readonly statusText?: unknown } };
  if (isObject(description) && typeof description.message === 'string') return description.message;
  return context?.statusText instanceof Error ? context.statusText.message : error.message;
}
