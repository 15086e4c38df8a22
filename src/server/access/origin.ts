import type { IncomingHttpHeaders } from 'node:http';
import { isLoopbackAddress, isLoopbackHost } from '../../base/index.ts';
import type { Visit } from './principal.ts';

/** By these a proxy says that it asks for somebody else. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/**
 * Whether a request comes from this machine and was meant for it. The name counts too: a page of the web may give its own
 * name the address 127.0.0.1, and then the browser lets it read what is here (DNS rebinding). What a proxy passes on
 * comes from anywhere.
 */
export function isFromHere({ headers, remoteAddress }: Pick<Visit, 'headers' | 'remoteAddress'>): boolean {
  const host = /^(.+?)(?::\d{1,5})?$/.exec(headers.host ?? '')?.[1] ?? '';
  const named = host.startsWith('[') === host.includes(':') && isLoopbackHost(host);
  return named && isLoopbackAddress(remoteAddress ?? '') && FORWARDED.every((name) => headers[name] === undefined);
}

/**
 * Whether a browser asks for a page of another server, which only those of `origins` may. Other programs name no origin.
 *
 * @param origins as `normalOrigin` gives them
 */
export function isForeign(headers: IncomingHttpHeaders, origins: ReadonlySet<string>): boolean {
  const { origin } = headers;
  if (origin === undefined) return isEmbedded(headers);
  const normal = normalOrigin(origin);
  return normal === undefined || !(origins.has(normal) || isOwn(normal, headers.host));
}

/** `https://lab.example:3000`, in lower case and without the port that goes without saying; undefined of what is none. */
export function normalOrigin(text: string): string | undefined {
  if (text.length > 300 || !/^https?:\/\/[^/?#@\s\\]+$/i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text).origin;
}

/** By host and port alone: behind a proxy that does the encryption, the page is https and what reaches us is http. */
function isOwn(origin: string, host: string | undefined): boolean {
  const { protocol } = new URL(origin);
  return host !== undefined && normalOrigin(`${protocol}//${host}`) === origin;
}

/** A picture, script or frame that a foreign page names: it comes without an origin, but browsers say that it is one. */
function isEmbedded(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  return (site === 'cross-site' || site === 'same-site') && headers['sec-fetch-mode'] !== 'navigate';
}
