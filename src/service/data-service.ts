import { isMember, isName, LabwireError, Listeners, MEMBER, type Member, type Segment, show } from '../base/index.ts';
import { BRANCH, type Branch, type BranchCore, isBranch, isExposed } from './branch.ts';

/**
 * A part of an experiment: settings, readings, commands, tasks, and further services below it. A service has one owner;
 * whoever needs its parent holds it in a `#private` field.
 */
export class DataService implements Branch {
  readonly [BRANCH]: ServiceBranch;

  constructor() {
    this[BRANCH] = new ServiceBranch(this);
    // The members of the subclass are made after this constructor: they learn their names when they are all there.
    queueMicrotask(() => this[BRANCH].nameMembers());
  }
}

/** What a service shows: its own fields as declared, then what came at run time. */
class ServiceBranch implements BranchCore {
  readonly kind = 'service';
  readonly structure = new Listeners<[]>();
  readonly added = new Map<string, DataService | Member>();
  readonly #service: DataService;

  constructor(service: DataService) {
    this.#service = service;
  }

  *children(): Generator<readonly [Segment, unknown]> {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(this.#service))) {
      if (isExposed(value) && isName(name)) yield [{ name }, value];
    }
    for (const [name, child] of this.added) yield [{ name }, child];
  }

  child(segment: Segment): unknown {
    if (!('name' in segment)) return undefined;
    const { name } = segment;
    const own: unknown = Object.getOwnPropertyDescriptor(this.#service, name)?.value;
    return isExposed(own) && isName(name) ? own : this.added.get(name);
  }

  nameMembers(): void {
    for (const [segment, child] of this.children()) {
      if (isMember(child) && child[MEMBER].path === '' && 'name' in segment) child[MEMBER].path = segment.name;
    }
  }
}

/**
 * Hangs a service or a member under a plain name at run time, as the gateway does with its devices and their channels.
 *
 * @throws LabwireError VALUE_INVALID if the name is taken or the child is neither
 */
export function addMember(service: DataService, name: string, child: DataService | Member): void {
  const branch = service[BRANCH];
  if (!isService(child) && !isMember(child)) {
    throw new LabwireError('VALUE_INVALID', `What is added as ${name} is neither a DataService nor a member`);
  }
  if (!isName(name)) throw new LabwireError('VALUE_INVALID', `${show(name)} is no name of a member`);
  // A member comes beside a class that knows nothing of it: a channel may have the name of a method of its driver.
  const taken = isMember(child) ? branch.child({ name }) !== undefined : name in service || branch.added.has(name);
  if (taken) {
    throw new LabwireError('VALUE_INVALID', `The service already has something with the name ${name}`);
  }
  branch.added.set(name, child);
  branch.structure.tell();
}

/** Takes away what `addMember` has added; false if there is none of this name. */
export function removeMember(service: DataService, name: string): boolean {
  const branch = service[BRANCH];
  if (!branch.added.delete(name)) return false;
  branch.structure.tell();
  return true;
}

export function isService(value: unknown): value is DataService {
  return isBranch(value) && value[BRANCH].kind === 'service';
}
