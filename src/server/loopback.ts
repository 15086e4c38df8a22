import { LabwireError } from '../base/index.ts';
import type { Principal, Visit } from './access/principal.ts';
import type { Gate } from './gate.ts';

const LOCAL_ADDRESS = /^(127\.|::1$|::ffff:127\.)/;
const LOCAL_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Whether a request comes from this machine and was meant for it. The name counts too: a page of the web may give its own
 * name the address 127.0.0.1, and then the browser lets it read what is here (DNS rebinding).
 */
export function isLocal({ headers, remoteAddress }: Pick<Visit, 'headers' | 'remoteAddress'>): boolean {
  return LOCAL_ADDRESS.test(remoteAddress ?? '') && LOCAL_HOST.test(headers.host ?? '');
}

/** Whether a browser asks for a page of another server. Other programs name no origin. */
function isForeign({ headers: { origin, host }, encrypted }: Visit): boolean {
  return origin !== undefined && origin.toLowerCase() !== `http${encrypted ? 's' : ''}://${host}`.toLowerCase();
}

const LOCAL: Principal = { name: 'local', role: 'admin', way: 'local', fromHere: true };

/** Lets in every program on this machine, and nothing else. */
export const localGate: Gate = {
  async authenticate(visit) {
    if (!isLocal(visit)) {
      throw new LabwireError('FORBIDDEN', 'This is only for programs on this machine: ask 127.0.0.1 or localhost');
    }
    if (isForeign(visit)) {
      throw new LabwireError('FORBIDDEN', `Pages of ${visit.headers.origin} may not ask here`);
    }
    return LOCAL;
  },
  allows: () => true,
};
