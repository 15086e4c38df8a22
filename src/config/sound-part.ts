import type { z } from 'zod';
import { type Configuration, configSchema } from './schema.ts';

/** Each round takes away what is wrong at one depth: a value, then the device that lacks it. */
const MOST_ROUNDS = 8;

/**
 * What is left of a faulty configuration when everything that is wrong with it is taken away, so that the checks that
 * need a whole configuration can go on and all mistakes are told at once. A device without a right port is left with a
 * stand-in for one: all else of it can be checked. Never to be run.
 */
export function soundPart(sections: Iterable<string>, input: unknown): Configuration | undefined {
  const schema = configSchema(sections);
  const rest: unknown = structuredClone(input);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const result = schema.safeParse(rest);
    if (result.success) return result.data;
    const removed = result.error.issues.map((issue) => remove(rest, issue));
    if (!removed.some(Boolean)) return undefined;
  }
  return undefined;
}

function remove(root: unknown, issue: z.core.$ZodIssue): boolean {
  const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
  return paths.map((path) => standInForPort(root, path) || removeAt(root, path)).some(Boolean);
}

/** Another one for each device, so that no two seem to share a port. */
function standInForPort(root: unknown, path: readonly PropertyKey[]): boolean {
  const device = path.slice(0, -1).reduce(below, root);
  const isPort = path.length === 3 && path[0] === 'devices' && path[2] === 'port';
  if (!isPort || typeof device !== 'object' || device === null) return false;
  return Reflect.set(device, 'port', { path: `port of ${String(path[1])}` });
}

/** Removes what stands at a place, or, where nothing stands there, what lacks it. */
function removeAt(root: unknown, path: readonly PropertyKey[]): boolean {
  for (let length = path.length; length > 0; length--) {
    const owner = path.slice(0, length - 1).reduce(below, root);
    const key = path[length - 1];
    if (typeof owner !== 'object' || owner === null || key === undefined || !Object.hasOwn(owner, key)) continue;
    return Reflect.deleteProperty(owner, key);
  }
  return false;
}

function below(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}
