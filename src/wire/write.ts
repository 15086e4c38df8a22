import { isMember, LabwireError, MEMBER, show } from '../base/index.ts';
import {
  type Actor,
  type CommandCore,
  type Control,
  type Resolved,
  resolve,
  type TaskVerb,
  taskVerbs,
} from '../service/index.ts';
import type { WireNode } from './node.ts';
import { argumentsOf, entriesOf, listOf, valueFrom } from './value-from.ts';
import { plainNode } from './value-node.ts';

/**
 * Sets the setting or writable channel at a path to what a client's node says. Rejects with LabwireError READ_ONLY,
 * MEMBER_UNKNOWN, VALUE_READ_ONLY, VALUE_INVALID, QUEUE_FULL, TIMEOUT, or with what a driver threw.
 *
 * @param path as it came from the client, whatever it is; so is `node`
 */
export async function updateValue(control: Control, path: unknown, node: unknown, by: Actor): Promise<void> {
  const checked = checkPath(path);
  await control.set(checked, node, by, (given, { rules }) => valueFrom(given, checked, rules));
}

/**
 * Calls the command, or the method of a task, at a path. Rejects as `updateValue` does. A command has no time limit of
 * its own.
 *
 * @param path as it came from the client, whatever it is; so are the others
 * @param args a list node, or undefined
 * @param kwargs a dict node, or undefined
 */
export async function triggerMethod(
  control: Control,
  path: unknown,
  args: unknown,
  kwargs: unknown,
  by: Actor,
): Promise<WireNode> {
  const checked = checkPath(path);
  const method = taskMethod(control, checked);
  if (method) {
    await control.task(method.path, method.verb, by, () => {
      if (listOf(args, checked).length > 0 || entriesOf(kwargs, checked).length > 0)
        throw new LabwireError('VALUE_INVALID', `${checked} takes no arguments`);
    });
    return plainNode('', null);
  }
  const read = (_: unknown, command: CommandCore): object => argumentsOf(args, kwargs, checked, command);
  return plainNode('', await control.call(checked, { args, kwargs }, by, read));
}

/** @returns undefined for a path that is none of a task's method */
function taskMethod(
  { service }: Control,
  path: string,
): { readonly path: string; readonly verb: TaskVerb } | undefined {
  const verb = taskVerbs.find((known) => path.endsWith(`.${known}`));
  if (!verb) return undefined;
  const found = resolved(service, path);
  if (!found || !isMember(found.node) || found.node[MEMBER].kind !== 'task' || found.attribute !== verb)
    return undefined;
  return { path: path.slice(0, -verb.length - 1), verb };
}

/** Undefined where there is no such path: then whoever carries it out refuses it, and tells of that. */
function resolved(service: Control['service'], path: string): Resolved | undefined {
  try {
    return resolve(service, path);
  } catch (error) {
    if (error instanceof LabwireError && error.code === 'MEMBER_UNKNOWN') return undefined;
    throw error;
  }
}

function checkPath(path: unknown): string {
  if (typeof path === 'string') return path;
  throw new LabwireError('MEMBER_UNKNOWN', `An access path is a text, not ${show(path)}`);
}
