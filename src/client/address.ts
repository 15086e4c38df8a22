import { LabwireError, maskSecrets, show } from '../base/index.ts';

/** Where a server is, and as whom to speak to it. */
export interface Address {
  /** Without credentials, for messages: `http://127.0.0.1:8001/lab`. */
  readonly shown: string;
  /** `http://127.0.0.1:8001`. */
  readonly origin: string;
  /** Where socket.io listens there. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Credentials {
  readonly token?: string;
  readonly user?: string;
  readonly password?: string;
}

const schemes: Readonly<Record<string, string>> = {
  'ws:': 'http:',
  'wss:': 'https:',
  'http:': 'http:',
  'https:': 'https:',
};

/**
 * @param url with `http`, `https`, `ws` or `wss`; may hold user and password, and the path of a reverse proxy
 * @throws LabwireError USAGE
 */
export function readAddress(url: string, { token, user, password }: Credentials): Address {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  const scheme = target && schemes[target.protocol];
  if (!target || !scheme) {
    throw new LabwireError(
      'USAGE',
      `${maskSecrets(show(url))} is no address of a server such as http://127.0.0.1:8001`,
    );
  }
  const prefix = target.pathname.replace(/\/+$/, '');
  const origin = `${scheme}//${target.host}`;
  const name = user ?? decoded(target.username);
  const secret = password ?? decoded(target.password);
  return {
    shown: `${origin}${prefix}`,
    origin,
    path: `${prefix}/ws/socket.io`,
    headers: token !== undefined ? { authorization: `Bearer ${token}` } : basic(name, secret),
  };
}

/** A part of a URL. @throws LabwireError USAGE */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new LabwireError('USAGE', 'In the user and password of an address a % that stands for itself is written %25');
  }
}

function basic(user: string, password: string): Record<string, string> {
  if (user === '') return {};
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}
