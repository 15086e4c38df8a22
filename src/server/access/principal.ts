import type { IncomingHttpHeaders } from 'node:http';
import type { Role } from '../../base/index.ts';

/** Who asks. */
export interface Principal {
  /** Of the user or token; `local` where nobody had to say who he is. */
  readonly name: string;
  readonly role: Role;
  /** How he showed it. */
  readonly way: 'local' | 'password' | 'token' | 'session';
  /** Whether the request comes from this machine and was meant for it. */
  readonly fromHere: boolean;
}

/** What a request says of itself, whether it came over HTTP or socket.io. */
export interface Visit {
  readonly headers: IncomingHttpHeaders;
  /** The address at the other end of the connection. */
  readonly remoteAddress: string | undefined;
  /** Whether it came over TLS. */
  readonly encrypted: boolean;
  /** `token` of socket.io's `auth`, as it came. */
  readonly token?: unknown;
}
