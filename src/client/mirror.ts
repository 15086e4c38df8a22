import { childNodes, isNode, type RemoteNode } from './node.ts';
import { stepsOf } from './path.ts';

/** What is known of the server's tree: told whole at each connection, and then change by change. */
export class Mirror {
  #root: RemoteNode | undefined;

  get root(): RemoteNode | undefined {
    return this.#root;
  }

  /** Undefined for what is not there. */
  at(path: string): RemoteNode | undefined {
    const steps = stepsOf(path);
    return steps && this.#walk(steps);
  }

  /** @returns the nodes that are not as they were; none at the first time */
  replace(root: RemoteNode): RemoteNode[] {
    const before = this.#root;
    this.#root = root;
    return before ? [...differences(before, root)] : [];
  }

  /** False where the place of the node is unknown: the tree is another one by now. */
  put(node: RemoteNode): boolean {
    const steps = stepsOf(node.full_access_path);
    if (!steps) return false;
    const last = steps.pop();
    if (last === undefined) {
      this.#root = node;
      return true;
    }
    const holder = this.#walk(steps);
    if (!holder || !childOf(holder, last)) return false;
    (holder.value as Record<string, unknown>)[last] = node;
    return true;
  }

  #walk(steps: readonly string[]): RemoteNode | undefined {
    let node = this.#root;
    for (const key of steps) node = node && childOf(node, key);
    return node;
  }
}

function childOf(node: RemoteNode, key: string): RemoteNode | undefined {
  const holder = node.value;
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key)) return undefined;
  const child = (holder as Record<string, unknown>)[key];
  return isNode(child) ? child : undefined;
}

function* differences(before: RemoteNode, after: RemoteNode): Generator<RemoteNode> {
  const [old, fresh] = [childNodes(before), childNodes(after)];
  if (before.type !== after.type || old.length !== fresh.length || old.some(([key], i) => fresh[i]?.[0] !== key)) {
    yield after;
  } else if (fresh.length === 0) {
    if (JSON.stringify(before.value) !== JSON.stringify(after.value)) yield after;
  } else {
    for (const [index, [, child]] of fresh.entries()) yield* differences(old[index]?.[1] ?? before, child);
  }
}
