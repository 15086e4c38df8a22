import { LabwireError, show } from '../base/index.ts';

/** One step of an access path: how it is written, and what it picks. */
interface Step {
  readonly text: string;
  readonly key: string;
}

const LONGEST = 4096;
const step = /(\.?)([\p{ID_Start}_$][\p{ID_Continue}$]*)|\[(\d{1,9})\]|\["((?:[^"\\]|\\.)*)"\]|\['([^'\\]*)'\]/uy;

/** @throws LabwireError MEMBER_UNKNOWN for what is no access path */
export function stepsOf(path: string): Step[] {
  const steps: Step[] = [];
  step.lastIndex = 0;
  if (path.length > LONGEST) throw malformed(path);
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    if (!match) throw malformed(path);
    const [, dot, name, index, quoted, key] = match;
    if (name !== undefined) {
      if ((dot === '') !== (steps.length === 0)) throw malformed(path);
      steps.push({ text: steps.length === 0 ? name : `.${name}`, key: name });
    } else if (index !== undefined) steps.push({ text: `[${Number(index)}]`, key: String(Number(index)) });
    else steps.push(keyStep(key ?? unquoted(path, quoted ?? '')));
  }
  return steps;
}

/** The path as a server writes it: `a['b']` becomes `a["b"]`. @throws LabwireError MEMBER_UNKNOWN */
export const canonicalPath = (path: string): string =>
  stepsOf(path)
    .map(({ text }) => text)
    .join('');

/** Whether a path is the other one or lies below it; both as a server writes them. */
export function isWithin(path: string, prefix: string): boolean {
  if (prefix === '') return true;
  return path.startsWith(prefix) && (path.length === prefix.length || '.['.includes(path[prefix.length] ?? ''));
}

const keyStep = (key: string): Step => ({ text: `[${JSON.stringify(key)}]`, key });

function unquoted(path: string, quoted: string): string {
  try {
    return JSON.parse(`"${quoted}"`) as string;
  } catch (error) {
    throw malformed(path, error);
  }
}

const malformed = (path: string, cause?: unknown): LabwireError =>
  new LabwireError('MEMBER_UNKNOWN', `${show(path)} is no access path such as list[0].gain or map["key"].gain`, {
    cause,
  });
