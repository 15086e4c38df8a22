import { LabwireError, type PasswordHash, parsePasswordHash, type Role } from '../../base/index.ts';
import { hashOfNobody } from './scrypt.ts';

/** A user as the configuration has it. */
export interface UserEntry {
  readonly role: Role;
  /** `scrypt$N$r$p$salt$hash`, as `labwire password` prints it. */
  readonly password: string;
}

export interface User {
  readonly name: string;
  readonly role: Role;
  readonly hash: PasswordHash;
}

/** The users by name. */
export class Users {
  readonly #byName: ReadonlyMap<string, User>;
  readonly #nobody: PasswordHash;

  /** @throws LabwireError CONFIG_INVALID where a password is no hash */
  constructor(entries: Readonly<Record<string, UserEntry>>) {
    const users = Object.entries(entries).map(([name, { role, password }]) => ({
      name,
      role,
      hash: read(name, password),
    }));
    this.#byName = new Map(users.map((user) => [user.name, user]));
    // As costly as a real one, or the time would tell who exists.
    this.#nobody = hashOfNobody(users[0]?.hash);
  }

  get(name: string): User | undefined {
    return this.#byName.get(name);
  }

  /** The hash of a user, or for one that does not exist one that nothing fits. */
  hashFor(name: string): PasswordHash {
    return this.#byName.get(name)?.hash ?? this.#nobody;
  }
}

function read(name: string, password: string): PasswordHash {
  const hash = parsePasswordHash(password);
  if (hash) return hash;
  const detail = `The password of the user ${name} must be a hash, as \`labwire password\` prints it`;
  throw new LabwireError('CONFIG_INVALID', detail);
}
