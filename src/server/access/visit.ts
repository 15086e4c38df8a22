import type { IncomingMessage } from 'node:http';
import type { Visit } from './principal.ts';

/** What a request over HTTP, or the first one of a socket, says of itself. */
export function visitOf({ headers, socket }: IncomingMessage): Visit {
  return {
    headers,
    remoteAddress: socket.remoteAddress,
    encrypted: 'encrypted' in socket && socket.encrypted === true,
  };
}
