import { LabwireError } from './errors.ts';
import { show } from './show.ts';

/** One step of an access path: `.name`, `[0]` or `["key"]`. */
export type Segment = { readonly name: string } | { readonly index: number } | { readonly key: string };

/** A path is refused beyond this length (characters), before anything looks at it. */
const LONGEST = 4096;

const step = /(\.?)([\p{ID_Start}_$][\p{ID_Continue}$]*)|\[(0|[1-9]\d{0,8})\]|\[("(?:[^"\\]|\\.)*")\]/uy;

/** Whether a path can name this member. */
export const isName = (name: string): boolean => /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name);

/** Puts a step behind a path. */
export function appendSegment(path: string, segment: Segment): string {
  if ('name' in segment) return path === '' ? segment.name : `${path}.${segment.name}`;
  return 'index' in segment ? `${path}[${segment.index}]` : `${path}[${JSON.stringify(segment.key)}]`;
}

/** @throws LabwireError MEMBER_UNKNOWN for anything that is no access path */
export function parsePath(path: string): Segment[] {
  const segments: Segment[] = [];
  step.lastIndex = 0;
  if (typeof path !== 'string' || path.length > LONGEST) throw malformed(path);
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    if (!match) throw malformed(path);
    const [, dot, name, index, key] = match;
    if (name !== undefined) {
      // A dot stands between two steps, and only there.
      if ((dot === '') !== (segments.length === 0)) throw malformed(path);
      segments.push({ name });
    } else if (index !== undefined) segments.push({ index: Number(index) });
    else segments.push({ key: unquote(path, key ?? '') });
  }
  return segments;
}

function unquote(path: string, quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch (error) {
    throw malformed(path, error);
  }
}

const malformed = (path: unknown, cause?: unknown): LabwireError =>
  new LabwireError('MEMBER_UNKNOWN', `${show(path)} is no access path such as list[0].gain or map["key"].gain`, {
    cause,
  });
