import { appendSegment, isMember, LabwireError, MEMBER, type Member, parsePath, type Segment } from '../base/index.ts';
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

export interface Located extends TreeNode {
  /** Of the node itself, without what goes on below it. */
  readonly path: string;
  /** Of a member: the attribute or method meant, `''` for the member itself. */
  readonly attribute: string;
  /** What the path goes on with, within the value of the attribute. */
  readonly rest: readonly Segment[];
}

export type Resolved = Omit<Located, 'rest'>;

/**
 * What an access path means: a service, a collection, a member, or a value or method of a member (`work.status`).
 *
 * @throws LabwireError MEMBER_UNKNOWN for everything that is not exposed
 */
export function resolve(root: Branch, path: string): Resolved {
  const { rest, ...found } = locate(root, path);
  if (rest.length > 0) throw unknownPath(path);
  return { ...found, path };
}

/**
 * As `resolve`, of a path that may lead on into a value (`work.lastError["code"]`), of which nothing is looked at here.
 *
 * @throws LabwireError MEMBER_UNKNOWN for everything that is not exposed
 */
export function locate(root: Branch, path: string): Located {
  const way = new Set<Exposed>();
  let node: Exposed = root;
  const segments = parsePath(path);
  for (const [index, segment] of segments.entries()) {
    if (isMember(node)) {
      const core = node[MEMBER];
      const own = segments.slice(0, index).reduce(appendSegment, '');
      if (!('name' in segment)) return { path: own, node, attribute: '', rest: segments.slice(index) };
      const attribute = segment.name;
      if (!core.attributes.includes(attribute) && !core.methods.includes(attribute)) throw unknownPath(path);
      return { path: own, node, attribute, rest: segments.slice(index + 1) };
    }
    way.add(node);
    const child = childAt(node, segment);
    if (!child || way.has(child)) throw unknownPath(path);
    node = child;
  }
  return { path, node, attribute: '', rest: [] };
}

/** What is exposed directly below, in declaration order; nothing below a member. */
export function* childrenOf(node: Exposed): Generator<readonly [Segment, Exposed]> {
  if (isMember(node)) return;
  if (isBranch(node)) yield* node[BRANCH].children() as Iterable<readonly [Segment, Exposed]>;
  else {
    for (const [index, child] of (node as readonly unknown[]).entries()) {
      if (isExposed(child)) yield [{ index }, child as Exposed];
    }
  }
}

function childAt(node: Branch | readonly unknown[], wanted: Segment): Exposed | undefined {
  if (isBranch(node)) return node[BRANCH].child(wanted) as Exposed | undefined;
  const child = 'index' in wanted ? node[wanted.index] : undefined;
  return isExposed(child) ? (child as Exposed) : undefined;
}

const unknownPath = (path: string): LabwireError =>
  new LabwireError('MEMBER_UNKNOWN', `There is nothing with the path ${path}`);
