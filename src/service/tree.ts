import { isMember, LabwireError, MEMBER, type Member } from '../base/index.ts';
import { appendSegment, parsePath, type Segment } from './access-path.ts';
import { BRANCH, type Branch, isBranch, isExposed } from './branch.ts';

/** What stands in the tree: a member, a service, a collection, an array of such. */
export type Exposed = Member | Branch | readonly unknown[];

export interface TreeNode {
  readonly path: string;
  readonly node: Exposed;
}

/**
 * Everything exposed below a service in declaration order, the service itself (path `''`) first. Each thing once: what
 * is reachable twice has its first path, and a child that holds its parent leads nowhere.
 */
export function walk(root: Branch): TreeNode[] {
  const nodes: TreeNode[] = [];
  const seen = new Set<unknown>();
  const visit = (node: Exposed, path: string): void => {
    if (seen.has(node)) return;
    seen.add(node);
    nodes.push({ path, node });
    for (const [segment, child] of childrenOf(node)) visit(child, appendSegment(path, segment));
  };
  visit(root, '');
  return nodes;
}

export interface Resolved extends TreeNode {
  /** Of a member: the attribute or method meant, `''` for the member itself. */
  readonly attribute: string;
}

/**
 * What an access path means: a service, a collection, a member, or a value or method of a member (`work.status`).
 *
 * @throws LabwireError MEMBER_UNKNOWN for everything that is not exposed
 */
export function resolve(root: Branch, path: string): Resolved {
  const unknown = (): LabwireError => new LabwireError('MEMBER_UNKNOWN', `There is nothing with the path ${path}`);
  const way = new Set<Exposed>();
  let node: Exposed = root;
  const segments = parsePath(path);
  for (const [index, segment] of segments.entries()) {
    if (isMember(node)) {
      const core = node[MEMBER];
      const last = index === segments.length - 1;
      if (!last || !('name' in segment)) throw unknown();
      const attribute = segment.name;
      if (!core.attributes.includes(attribute) && !core.methods.includes(attribute)) throw unknown();
      return { path, node, attribute };
    }
    way.add(node);
    const child = childAt(node, segment);
    if (!child || way.has(child)) throw unknown();
    node = child;
  }
  return { path, node, attribute: '' };
}

function* childrenOf(node: Exposed): Generator<readonly [Segment, Exposed]> {
  if (isMember(node)) return;
  if (isBranch(node)) yield* node[BRANCH].children() as Iterable<readonly [Segment, Exposed]>;
  else {
    for (const [index, child] of (node as readonly unknown[]).entries()) {
      if (isExposed(child)) yield [{ index }, child as Exposed];
    }
  }
}

function childAt(node: Exposed, wanted: Segment): Exposed | undefined {
  for (const [segment, child] of childrenOf(node)) if (sameSegment(segment, wanted)) return child;
  return undefined;
}

function sameSegment(a: Segment, b: Segment): boolean {
  if ('name' in a) return 'name' in b && a.name === b.name;
  if ('index' in a) return 'index' in b && a.index === b.index;
  return 'key' in b && a.key === b.key;
}
