import { LabwireError, show } from '../../base/index.ts';
import type { Requests } from '../requests.ts';
import { decodeLevel } from './topics.ts';

/** What is asked for, by its topic below the gateway's root: `<device>/<group>/<member>/<verb>`. */
export interface Target {
  readonly device: string;
  /** Access path. */
  readonly path: string;
  readonly group: 'settings' | 'channels' | 'tasks' | 'commands';
}

/** Filters of the topics of requests, below the gateway's root. */
export const REQUEST_FILTERS = ['+/settings/+/set', '+/channels/+/set', '+/tasks/+/set', '+/commands/+/call'] as const;

/** Bytes. */
export const LONGEST_REQUEST = 65_536;

/** By group, the last level of its requests. */
const verbs: ReadonlyMap<string, string> = new Map([
  ['settings', 'set'],
  ['channels', 'set'],
  ['tasks', 'set'],
  ['commands', 'call'],
]);

const ID = /^[a-z][a-z0-9_]{0,62}$/;
const TASK_WORDS = ['start', 'stop', 'restart'] as const;

/**
 * @returns undefined where the topic is none of a request
 * @throws LabwireError MEMBER_UNKNOWN where it names nothing that there could be
 */
export function readTarget([device = '', group, level = '', verb, ...more]: readonly string[]): Target | undefined {
  const known = verbs.get(group ?? '');
  if (known === undefined || verb !== known || more.length > 0) return undefined;
  const member = decodeLevel(level);
  if (!ID.test(device) || member === undefined || member === '')
    throw new LabwireError('MEMBER_UNKNOWN', `${show(`${device}/${group}/${level}`)} names no member of a device`);
  return { device, path: `${device}.${member}`, group: group as Target['group'] };
}

/**
 * Does what a request asks for.
 *
 * @throws LabwireError REQUEST_INVALID, or what the member says
 */
export async function carryOut({ path, group }: Target, payload: Buffer, requests: Requests): Promise<unknown> {
  if (payload.length > LONGEST_REQUEST)
    throw new LabwireError(
      'REQUEST_INVALID',
      `A request has at most ${LONGEST_REQUEST} bytes, this one has ${payload.length}`,
    );
  const text = payload.toString().trim();
  switch (group) {
    case 'settings':
      return requests.set(path, readJson(text, path));
    case 'channels':
      return requests.setChannel(path, readJson(text, path));
    case 'commands':
      return requests.call(path, text === '' ? {} : readJson(text, path));
    case 'tasks': {
      const word = TASK_WORDS.find((known) => text === known || text === `"${known}"`);
      if (!word) throw new LabwireError('REQUEST_INVALID', `${path} takes ${TASK_WORDS.join(', ')}, not ${show(text)}`);
      return requests[word](path);
    }
  }
}

function readJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LabwireError('REQUEST_INVALID', `${path} takes JSON, not ${show(text)}; a text needs quotes`, {
      cause: error,
    });
  }
}
