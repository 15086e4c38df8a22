import type { Role } from '../base/index.ts';
import type { Principal, Visit } from './access/principal.ts';

/**
 * Who may use a route or event: anybody (`public`), whoever has at least a role, or only programs on this machine
 * (`local`).
 */
export type Access = 'public' | Role | 'local';

/** Decides who may come in, and what they may do. */
export interface Gate {
  /** Rejects with LabwireError UNAUTHENTICATED, FORBIDDEN, TOO_MANY_ATTEMPTS. */
  authenticate(visit: Visit): Promise<Principal>;
  allows(principal: Principal, access: Access): boolean;
}

/** Why somebody may not use what needs more than he has. */
export function refusal({ name, role }: Principal, access: Access): string {
  if (access === 'local') return 'This is only for programs on this machine: ask 127.0.0.1 or localhost';
  return `This needs the role ${access}, and ${name} is ${role}`;
}
