import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { codeOf, type ErrorCode, errorCodes, LabwireError, toError } from '../base/index.ts';
import { readAddress } from '../client/index.ts';
import { advised } from './gateway-access.ts';
import { askRoute, whyUnreachable } from './gateway-http.ts';
import type { GatewayPlace } from './gateway-session.ts';

const refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/**
 * One of the gateway's own routes.
 *
 * @throws LabwireError GATEWAY_UNREACHABLE, GATEWAY_REFUSED where something else answers, ABORTED, TIMEOUT, or what the gateway
 * says
 */
export async function askGateway<T>(
  { url, token, timeoutMs }: GatewayPlace,
  route: string,
  query: Readonly<Record<string, string | undefined>>,
  answer: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T> {
  const { shown } = readAddress(url, {});
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const asked = given.length === 0 ? route : `${route}?${new URLSearchParams(given)}`;
    const question = { url, token, route: asked, accept: 'application/json' };
    const response = await askRoute(question, AbortSignal.any([signal, limit]));
    const body = await json(response);
    if (response.statusCode === 200) return answer.parse(body);
    throw refused(refusal.parse(body).error, shown);
  } catch (error) {
    throw advised(inWords(error, shown, { signal, limit, timeoutMs }), token !== undefined);
  }
}

interface Limits {
  readonly signal: AbortSignal;
  readonly limit: AbortSignal;
  readonly timeoutMs: number;
}

function inWords(thrown: unknown, url: string, { signal, limit, timeoutMs }: Limits): Error {
  const error = toError(thrown);
  if (codeOf(error) !== null) return error;
  const details = { cause: error };
  if (signal.aborted) return new LabwireError('ABORTED', 'The request was cancelled', details);
  if (limit.aborted) return new LabwireError('TIMEOUT', `${url} gave no answer within ${timeoutMs / 1000} s`, details);
  if (error instanceof SyntaxError || error instanceof z.ZodError) {
    return new LabwireError(
      'GATEWAY_REFUSED',
      `What answers at ${url} is no gateway of labwire of this version`,
      details,
    );
  }
  const why = `The server at ${url} does not answer: ${whyUnreachable(error)}`;
  return new LabwireError('GATEWAY_UNREACHABLE', why, details);
}

function refused({ code, message }: { readonly code: string; readonly message: string }, url: string): LabwireError {
  if (code === 'NOT_FOUND') {
    return new LabwireError(
      'GATEWAY_REFUSED',
      `The server at ${url} says: ${message}; perhaps it is no gateway but a service`,
    );
  }
  const own = Object.hasOwn(errorCodes, code);
  return new LabwireError(own ? (code as ErrorCode) : 'GATEWAY_REFUSED', `The server at ${url} says: ${message}`);
}
