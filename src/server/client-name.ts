import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from './access/principal.ts';

const LONGEST = 64;

/**
 * How a client is called in the log and in the record of writes: by who it is, and by what it says of itself in
 * `Remote-User` or `X-Client-Id`, which proves nothing and so stands in brackets: `anna (notebook-3)`.
 */
export function clientName({ name }: Principal, headers: IncomingHttpHeaders): string {
  const said = headers['remote-user'] ?? headers['x-client-id'];
  const text =
    typeof said === 'string'
      ? said
          .replace(/[^\x20-\x7e]|[()]/g, '')
          .trim()
          .slice(0, LONGEST)
      : '';
  return text === '' ? name : `${name} (${text})`;
}
