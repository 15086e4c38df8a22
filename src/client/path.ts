import { LabwireError, show } from '../base/index.ts';

/** One step of an access path: how it is written, and what it picks. */
interface Step {
  readonly text: string;
  readonly key: string;
}

const LONGEST = 4096;
const step = /(\.?)([\p{ID_Start}_$][\p{ID_Continue}$]*)|\[(\d{1,9})\]|\["((?:[^"\\]|\\.)*)"\]|\['([^'\\]*)'\]/uy;

/** Undefined for what is no access path. */
export function stepsOf(path: string): Step[] | undefined {
  const steps: Step[] = [];
  step.lastIndex = 0;
  if (path.length > LONGEST) return undefined;
  while (step.lastIndex < path.length) {
    const [, dot, name, index, quoted, key] = step.exec(path) ?? [];
    const picked = name ?? index ?? key ?? unquoted(quoted);
    // A dot stands between two steps, and only there.
    if (picked === undefined || (name !== undefined && (dot === '') !== (steps.length === 0))) return undefined;
    steps.push(written(picked, name, index));
  }
  return steps;
}

/** The path as a server writes it: `a['b']` becomes `a["b"]`. @throws LabwireError MEMBER_UNKNOWN for what is no access path */
export function canonicalPath(path: string): string {
  const steps = stepsOf(path);
  if (!steps) {
    const detail = `${show(path)} is no access path such as list[0].gain or map["key"].gain`;
    throw new LabwireError('MEMBER_UNKNOWN', detail);
  }
  return steps.map(({ text }, index) => (index === 0 && text.startsWith('.') ? text.slice(1) : text)).join('');
}

/** Whether a path is the other one or lies below it; both as a server writes them. */
export function isWithin(path: string, prefix: string): boolean {
  if (prefix === '') return true;
  return path.startsWith(prefix) && (path.length === prefix.length || '.['.includes(path[prefix.length] ?? ''));
}

function written(picked: string, name: string | undefined, index: string | undefined): Step {
  if (name !== undefined) return { text: `.${name}`, key: name };
  if (index !== undefined) return { text: `[${Number(index)}]`, key: String(Number(index)) };
  return { text: `[${JSON.stringify(picked)}]`, key: picked };
}

function unquoted(quoted: string | undefined): string | undefined {
  try {
    return quoted === undefined ? undefined : (JSON.parse(`"${quoted}"`) as string);
  } catch {
    return undefined; // No text of JSON, so no key.
  }
}
