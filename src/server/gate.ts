import type { FastifyInstance } from 'fastify';
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
  /**
   * Tells when somebody who stays connected may do something else than before, with undefined when it is nothing any
   * more: his connection is to be cut. Returns a function that ends it.
   */
  watch(principal: Principal, told: (principal: Principal | undefined) => void): () => void;
  /** Whether pages of that origin, another server's, may ask here. */
  lists(origin: string): boolean;
  /** Adds what belongs to it over HTTP, before anybody is let in: headers, hooks, routes. */
  install(app: FastifyInstance): void;
}

/** Why somebody may not use what needs more than he has. */
export function refusal({ name, role }: Principal, access: Access): string {
  if (access === 'local') return 'This is only for programs on this machine: ask 127.0.0.1 or localhost';
  return `This needs the role ${access}, and ${name} is ${role}`;
}
