import { get, type IncomingMessage } from 'node:http';
import { get as getEncrypted } from 'node:https';
import { readAddress } from '../client/index.ts';

export interface Question {
  /** Of the gateway, as `readAddress` takes it: it may hold the path of a reverse proxy, and user and password. */
  readonly url: string;
  /** That lets one in; a gateway without users needs none. */
  readonly token: string | undefined;
  /** One of the gateway's own, with its query. */
  readonly route: string;
  readonly accept: string;
}

/**
 * The beginning of the answer to a question. Its body is read, or the answer is destroyed, by the caller.
 *
 * @param signal ends the question and its answer, however far they are
 * @throws LabwireError USAGE where the address is none; else what the connection throws
 */
export function askRoute({ url, token, route, accept }: Question, signal: AbortSignal): Promise<IncomingMessage> {
  const { shown, headers } = readAddress(url, token === undefined ? {} : { token });
  const request = shown.startsWith('https:') ? getEncrypted : get;
  return new Promise((resolve, reject) => {
    // For good: what befalls the connection later is told by the response.
    request(`${shown}${route}`, { signal, agent: false, headers: { accept, ...headers } }, resolve).on('error', reject);
  });
}

/** Why nothing answers: of several addresses of a host that were tried, each has its own error and the whole no words. */
export function whyUnreachable(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return error.message || (first instanceof Error ? first.message : error.name);
}
