import { LabwireError, type Member } from '../base/index.ts';
import type { Branch } from './branch.ts';

/** A member, service, or collection with its access path. */
export interface TreeNode {
  readonly path: string;
  readonly node: Member | Branch | readonly unknown[];
}

/** Everything exposed below a service, in declaration order, each thing once, the service itself (path `''`) first. */
export function walk(_root: Branch): TreeNode[] {
  throw new LabwireError('INTERNAL', 'not yet');
}

export interface Resolved extends TreeNode {
  /** Of a member: the attribute or method meant, `''` for the member itself. */
  readonly attribute: string;
}

/** What an access path means. @throws LabwireError MEMBER_UNKNOWN */
export function resolve(_root: Branch, _path: string): Resolved {
  throw new LabwireError('INTERNAL', 'not yet');
}
