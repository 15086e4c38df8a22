export type * from './node.ts';

import type { Actor, Change, Control, DataService } from '../service/index.ts';
import type { ExceptionNode, ServiceNode, WireNode } from './node.ts';

/** A whole service and everything below it. */
export declare function serialise(root: DataService): ServiceNode;
/** @throws LabwireError MEMBER_UNKNOWN */
export declare function nodeAt(root: DataService, path: string): WireNode;
/** The value of a change that `observe(root, …)` told, for `notify`; undefined when what changed is gone already. */
export declare function changeNode(root: DataService, change: Change): WireNode | undefined;
export declare function exceptionNode(thrown: unknown): ExceptionNode;
/** Sets what a client's node says. Rejects with LabwireError VALUE_INVALID, MEMBER_UNKNOWN, …: see `Control.set`. */
export declare function updateValue(control: Control, path: unknown, node: unknown, by: Actor): Promise<void>;
/** Calls a command, or a method of a task; `args` a list node, `kwargs` a dict node or undefined. */
export declare function triggerMethod(
  control: Control,
  path: unknown,
  args: unknown,
  kwargs: unknown,
  by: Actor,
): Promise<WireNode>;
