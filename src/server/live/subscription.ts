import { appendSegment, isObject, LabwireError, parsePath, show } from '../../base/index.ts';

/** What a client wants to be told, and how often. */
export interface Subscription {
  /** Everything at and below these; null: everything. */
  readonly prefixes: ReadonlySet<string> | null;
  /** Least time between two tellings of one path, in ms; 0: at once. */
  readonly intervalMs: number;
}

export const everything: Subscription = { prefixes: null, intervalMs: 0 };

const MOST_PATHS = 1_000;
/** Once a day at least, a thousand times per second at most. */
const [LEAST_HZ, MOST_HZ] = [1 / 86_400, 1_000];

/**
 * Reads `{ paths?: [prefix…], maxHz? }`; without `paths`, everything.
 *
 * @throws LabwireError REQUEST_INVALID, MEMBER_UNKNOWN for what is no access path
 */
export function parseSubscription(request: unknown): Subscription {
  if (!isObject(request)) {
    throw new LabwireError('REQUEST_INVALID', `subscribe takes { paths, maxHz }, not ${show(request)}`);
  }
  const { paths, maxHz, ...others } = request;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new LabwireError('REQUEST_INVALID', `subscribe takes paths and maxHz, not ${show(unknown)}`);
  return { prefixes: parsePrefixes(paths ?? null), intervalMs: parseInterval(maxHz ?? null) };
}

function parsePrefixes(paths: unknown): ReadonlySet<string> | null {
  if (paths === null) return null;
  if (!Array.isArray(paths) || paths.length > MOST_PATHS) {
    throw new LabwireError('REQUEST_INVALID', `paths must be a list of at most ${MOST_PATHS} access paths`);
  }
  // Written anew, so that they compare with the paths of changes.
  return new Set(paths.map((path) => parsePath(path).reduce(appendSegment, '')));
}

function parseInterval(maxHz: unknown): number {
  if (maxHz === null) return 0;
  if (typeof maxHz !== 'number' || !(maxHz >= LEAST_HZ && maxHz <= MOST_HZ)) {
    throw new LabwireError('REQUEST_INVALID', `maxHz must be a number from 1/86400 to ${MOST_HZ}, not ${show(maxHz)}`);
  }
  return 1000 / maxHz;
}
