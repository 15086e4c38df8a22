import { appendSegment, isMember, LabwireError, MEMBER, type MemberCore } from '../base/index.ts';
import { BRANCH, type Change, childrenOf, type DataService, type Exposed, isBranch, locate } from '../service/index.ts';
import { attributeNode, memberNode, partOf } from './member-node.ts';
import type { ServiceNode, WireNode } from './node.ts';

/** A whole service and everything below it, each thing once. */
export function serialise(root: DataService): ServiceNode {
  return treeNode(root, '') as ServiceNode;
}

/** What stands at an access path, e.g. `cryostat.acquire.status`. @throws LabwireError MEMBER_UNKNOWN */
export function nodeAt(root: DataService, path: string): WireNode {
  const { path: own, node, attribute, rest } = locate(root, path);
  const part = partOf(isMember(node) ? memberPart(node[MEMBER], own, attribute) : treeNode(node, own), rest);
  if (!part) throw new LabwireError('MEMBER_UNKNOWN', `There is nothing with the path ${path}`);
  return part;
}

/**
 * What a change that `observe(root, …)` told is as a node, with the value that it told, for `notify`; undefined when what
 * changed is no longer there.
 */
export function changeNode(root: DataService, { path, value }: Change): WireNode | undefined {
  try {
    const { path: own, node, attribute } = locate(root, path);
    return isMember(node) ? attributeNode(node[MEMBER], own, attribute, value) : treeNode(node, own);
  } catch (error) {
    if (error instanceof LabwireError && error.code === 'MEMBER_UNKNOWN') return undefined;
    throw error;
  }
}

const memberPart = (core: MemberCore, path: string, attribute: string): WireNode =>
  attribute === '' ? memberNode(core, path) : attributeNode(core, path, attribute, core.get(attribute));

function treeNode(top: Exposed, path: string): WireNode {
  const seen = new Set<Exposed>();
  const visit = (node: Exposed, at: string): WireNode => {
    seen.add(node);
    if (isMember(node)) return memberNode(node[MEMBER], at);
    const head = { full_access_path: at, readonly: false, doc: null };
    const children: (readonly [string, WireNode])[] = [];
    for (const [segment, child] of childrenOf(node)) {
      if (seen.has(child)) continue;
      const name = 'name' in segment ? segment.name : 'key' in segment ? segment.key : String(segment.index);
      children.push([name, visit(child, appendSegment(at, segment))]);
    }
    const kind = isBranch(node) ? node[BRANCH].kind : 'list';
    if (kind === 'list') return { ...head, type: 'list', value: children.map(([, child]) => child) };
    // By entries: a key may be `__proto__`.
    const value = Object.fromEntries(children);
    if (kind === 'map') return { ...head, type: 'dict', value };
    return { ...head, type: 'DataService', name: node.constructor.name || 'DataService', value };
  };
  return visit(top, path);
}
