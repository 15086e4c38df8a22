import { appendSegment, parsePath } from '../../base/index.ts';
import type { Change, DataService } from '../../service/index.ts';
import { changeNode } from '../../wire/index.ts';

/** Something that is told to clients. It is put into words once, however many there are, and only if anybody gets it. */
export interface Announcement {
  /** Of two with the same key, a client that is behind gets the later one only. */
  readonly key: string;
  /** The path and those of what it stands in, the root (`''`) first; null of what concerns everybody. */
  readonly within: readonly string[] | null;
  /** As it goes over the wire: an event of socket.io's protocol 5. Undefined when there is nothing to tell any more. */
  text(): string | undefined;
}

/**
 * `notify`, as pydase's clients expect it.
 *
 * @param report is told what goes wrong in putting it into words; then nothing is told
 */
export function changeAnnouncement(root: DataService, change: Change, report: (thrown: unknown) => void): Announcement {
  let within: readonly string[] | undefined;
  let text: string | undefined | null = null;
  return {
    key: change.path,
    get within() {
      within ??= pathsTo(change.path);
      return within;
    },
    text() {
      if (text === null) {
        text = undefined;
        try {
          const value = changeNode(root, change);
          if (value) text = eventText('notify', { data: { full_access_path: change.path, value } });
        } catch (thrown) {
          report(thrown);
        }
      }
      return text;
    },
  };
}

/** `log`: a line of the log, with its level as Python's logging calls it. */
export function logAnnouncement(levelname: string, message: string): Announcement {
  const text = eventText('log', { levelname, message });
  // No path of a member: a client that is behind gets the last line.
  return { key: ' log', within: null, text: () => text };
}

function eventText(name: string, payload: object): string {
  return `2${JSON.stringify([name, payload])}`;
}

function pathsTo(path: string): string[] {
  const paths = [''];
  for (const segment of parsePath(path)) paths.push(appendSegment(paths.at(-1) ?? '', segment));
  return paths;
}
