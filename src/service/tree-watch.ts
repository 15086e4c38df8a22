import { isMember, MEMBER, type Member } from '../base/index.ts';
import { BRANCH, type Branch, isBranch } from './branch.ts';
import { type Exposed, walk } from './tree.ts';

/** What a watch tells. Called within the change. */
export interface TreeListener {
  /** In declaration order. */
  added?(node: Exposed, path: string): void;
  /** All of a look were told by `added`. */
  settled?(added: readonly Exposed[]): void;
  removed?(node: Exposed, path: string): void;
  /** The same node has another path now: one before it left its list. */
  moved?(node: Exposed, path: string): void;
  /** Whose changes are told; default: every member's. */
  watches?(member: Member): boolean;
  /** A value of a member changed. */
  changed?(member: Member, path: string, attribute: string, value: unknown): void;
  /** The children of a service or collection came or went; told after all of them. */
  restructured?(branch: Branch, path: string): void;
}

interface Watched {
  path: string;
  readonly end: () => void;
}

/** Keeps track of everything below a service while services come and go. Begins and ends by `start()` and `stop()`. */
export class TreeWatch {
  readonly #root: Branch;
  readonly #listener: TreeListener;
  readonly #watched = new Map<Exposed, Watched>();
  #running = false;
  #looking = false;
  #lookAgain = false;

  constructor(root: Branch, listener: TreeListener) {
    this.#root = root;
    this.#listener = listener;
  }

  /** Tells what is there. */
  start(): void {
    this.#running = true;
    this.#look();
  }

  /** Tells nothing more, at once. */
  stop(): void {
    this.#running = false;
    for (const { end } of this.#watched.values()) end();
    this.#watched.clear();
  }

  /** Compares the tree with what is known. A listener may change the tree: then it looks again afterwards. */
  #look(): void {
    this.#lookAgain = true;
    if (this.#looking) return;
    this.#looking = true;
    try {
      while (this.#lookAgain && this.#running) {
        this.#lookAgain = false;
        this.#compare();
      }
    } finally {
      this.#looking = false;
    }
  }

  #compare(): void {
    const nodes = walk(this.#root);
    const present = new Set(nodes.map(({ node }) => node));
    for (const [node, { path, end }] of [...this.#watched]) {
      if (present.has(node)) continue;
      end();
      this.#watched.delete(node);
      this.#listener.removed?.(node, path);
    }
    const added: Exposed[] = [];
    for (const { node, path } of nodes) {
      if (!this.#running) return;
      const known = this.#watched.get(node);
      if (!known) {
        this.#watched.set(node, this.#watch(node, path));
        added.push(node);
        this.#listener.added?.(node, path);
      } else if (known.path !== path) {
        known.path = path;
        this.#listener.moved?.(node, path);
      }
    }
    if (added.length > 0) this.#listener.settled?.(added);
  }

  #watch(node: Exposed, path: string): Watched {
    const pathNow = (): string => this.#watched.get(node)?.path ?? path;
    if (isMember(node)) {
      if (this.#listener.watches?.(node) === false) return { path, end: () => {} };
      const end = node[MEMBER].onChange((attribute, value) => {
        if (this.#running) this.#listener.changed?.(node, pathNow(), attribute, value);
      });
      return { path, end };
    }
    if (!isBranch(node)) return { path, end: () => {} };
    const end = node[BRANCH].structure.add(() => {
      this.#look();
      if (this.#running) this.#listener.restructured?.(node, pathNow());
    });
    return { path, end };
  }
}
