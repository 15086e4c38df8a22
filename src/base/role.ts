/** What somebody may do, from the least: look; also settings, commands and tasks; also devices and the configuration. */
export const roles = ['viewer', 'operator', 'admin'] as const;

export type Role = (typeof roles)[number];

/** Whether a role allows what another one allows. */
export function atLeast(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

/** Names of users and tokens: they stand in logs, in the record of writes and, of a user, before the colon of HTTP Basic. */
export const ACCOUNT_NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/;
