import type { IncomingMessage } from 'node:http';

const LOCAL_ADDRESS = /^(127\.|::1$|::ffff:127\.)/;
const LOCAL_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Whether a request comes from this machine and was meant for it. The name counts too: a page of the web may give its own
 * name the address 127.0.0.1, and then the browser lets it read what is here (DNS rebinding).
 */
export function isLocal(request: IncomingMessage): boolean {
  return LOCAL_ADDRESS.test(request.socket.remoteAddress ?? '') && LOCAL_HOST.test(request.headers.host ?? '');
}
