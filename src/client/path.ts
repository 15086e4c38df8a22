import { appendSegment, parsePath, type Segment } from '../base/index.ts';

/** The names, indices and keys that a path leads over; undefined for what is no access path. */
export function stepsOf(path: string): string[] | undefined {
  try {
    return read(path).map((step) => ('name' in step ? step.name : 'key' in step ? step.key : String(step.index)));
  } catch {
    return undefined;
  }
}

/** The path as a server writes it: `a['b']` becomes `a["b"]`. @throws LabwireError MEMBER_UNKNOWN for what is no access path */
export function canonicalPath(path: string): string {
  return read(path).reduce(appendSegment, '');
}

/** Whether a path is the other one or lies below it; both as a server writes them. */
export function isWithin(path: string, prefix: string): boolean {
  if (prefix === '') return true;
  return path.startsWith(prefix) && (path.length === prefix.length || '.['.includes(path[prefix.length] ?? ''));
}

/** Also of what people write in a shell or in Python: keys in single quotes. */
function read(path: string): Segment[] {
  try {
    return parsePath(path);
  } catch (error) {
    const quoted = path.replace(/\['([^'\\]*)'\]/g, (_, key: string) => `[${JSON.stringify(key)}]`);
    if (quoted === path) throw error;
    return parsePath(quoted);
  }
}
