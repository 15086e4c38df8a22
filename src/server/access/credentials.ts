import type { IncomingHttpHeaders } from 'node:http';

export const SESSION_COOKIE = 'labwire_session';

/** What a request shows of who sends it. */
export type Credentials =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'session'; readonly session: string }
  /** Something was meant to be credentials, and is none. */
  | { readonly kind: 'malformed' }
  | { readonly kind: 'none' };

const LONGEST_HEADER = 4096;
const LONGEST_TOKEN = 256;
const MALFORMED: Credentials = { kind: 'malformed' };
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * `Authorization: Basic` or `Bearer`, else the token of socket.io, else the cookie.
 *
 * @param token from socket.io's `auth`, where anything may stand
 */
export function credentialsOf(headers: IncomingHttpHeaders, token?: unknown): Credentials {
  const { authorization, cookie } = headers;
  if (authorization !== undefined) return parseAuthorization(authorization);
  if (token !== undefined && token !== null) return tokenOf(token);
  const session = cookie === undefined ? undefined : cookieOf(cookie, SESSION_COOKIE);
  return session ? { kind: 'session', session } : { kind: 'none' };
}

/** Reads the header (RFC 7617, RFC 6750). Never throws. */
export function parseAuthorization(header: string): Credentials {
  if (header.length > LONGEST_HEADER) return MALFORMED;
  const [, scheme, value] = /^([A-Za-z]+) +([^ ]+) *$/.exec(header) ?? [];
  if (value === undefined) return MALFORMED;
  if (scheme?.toLowerCase() === 'bearer') return tokenOf(value);
  return scheme?.toLowerCase() === 'basic' ? basic(value) : MALFORMED;
}

/**
 * A cookie's value (RFC 6265); of several of that name the first. Read here, since a socket's handshake passes no plugin
 * of fastify.
 */
function cookieOf(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (part.slice(0, Math.max(0, equals)).trim() === name)
      return /^"?([^"]*)"?$/.exec(part.slice(equals + 1).trim())?.[1];
  }
  return undefined;
}

function tokenOf(token: unknown): Credentials {
  if (typeof token !== 'string' || token.length === 0 || token.length > LONGEST_TOKEN) return MALFORMED;
  return { kind: 'token', token };
}

function basic(value: string): Credentials {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return MALFORMED;
  const text = decoded(Buffer.from(value, 'base64'));
  const colon = text.indexOf(':');
  if (colon < 1 || CONTROL.test(text)) return MALFORMED;
  return { kind: 'password', user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** As UTF-8; where it is none as Latin-1, which Python's HTTP clients send. */
function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}
