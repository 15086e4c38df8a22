import { closest, LabwireError } from '../base/index.ts';
import { type Client, childNodes, type RemoteNode } from '../client/index.ts';
import { childPath } from './remote-values.ts';

export interface FoundNode {
  readonly path: string;
  readonly node: RemoteNode;
}

/**
 * What stands at a path that somebody wrote.
 *
 * @param kind what is looked for, in words, e.g. `setting`; and which nodes are such
 * @throws LabwireError USAGE, with the path that was probably meant
 */
export function nodeNamed(
  client: Client,
  path: string,
  kind: string,
  isKind: (node: RemoteNode) => boolean = () => true,
): FoundNode {
  const node = client.node(path);
  if (node && isKind(node)) return { path, node };
  const candidates = [...walk(client.node(''), '')].filter(([, one]) => isKind(one)).map(([other]) => other);
  const meant = closest(path, candidates) ?? nearestBelow(path, candidates);
  const hint = meant === undefined ? ' `labwire read` lists what there is.' : ` Did you mean "${meant}"?`;
  const what = node ? `${path} is no ${kind}.` : `There is no ${kind} with the path ${path}.`;
  throw new LabwireError('USAGE', `${what}${hint}`);
}

/** Everything that has a path, in the order of the gateway. */
export function* walk(node: RemoteNode | undefined, path: string): Generator<[path: string, node: RemoteNode]> {
  if (!node) return;
  if (path !== '') yield [path, node];
  for (const [key, child] of childNodes(node)) yield* walk(child, childPath(node, path, key));
}

/** Of `stage1` that of `cryostat.stage1`. */
function nearestBelow(path: string, candidates: readonly string[]): string | undefined {
  const same = candidates.filter((candidate) => candidate.endsWith(`.${path}`));
  return same.length === 1 ? same[0] : undefined;
}
