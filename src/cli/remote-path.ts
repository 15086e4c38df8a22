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
 * @param kind what is looked for, in words, e.g. `setting`
 * @param isKind which nodes are such
 * @param lister where somebody finds them all
 * @throws LabwireError USAGE, with the path that was probably meant
 */
export function nodeNamed(
  client: Client,
  path: string,
  kind: string,
  isKind: (node: RemoteNode) => boolean,
  lister = '`labwire read` lists what there is.',
): FoundNode {
  const node = client.node(path);
  if (node && isKind(node)) return { path, node };
  const candidates = [...walk(client.node(''), '')].filter(([, one]) => isKind(one)).map(([other]) => other);
  if (node) throw new LabwireError('USAGE', `${path} is no ${kind}.${within(path, candidates)}`);
  const meant = closest(path, candidates) ?? nearestBelow(path, candidates);
  const hint = meant === undefined ? lister : `Did you mean "${meant}"?`;
  throw new LabwireError('USAGE', `There is no ${kind} with the path ${path}. ${hint}`);
}

/** So many are named in a message. */
const NAMED = 5;

function within(path: string, candidates: readonly string[]): string {
  const below = candidates.filter((candidate) => candidate.startsWith(path) && candidate !== path);
  if (below.length === 0) return '';
  return ` It has ${below.slice(0, NAMED).join(', ')}${below.length > NAMED ? ', …' : ''}.`;
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
