import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { toError } from '../base/index.ts';

export interface Substitution {
  readonly text: string;
  /** Whether anything was put in: then the text may be a secret. */
  readonly substituted: boolean;
  readonly errors: readonly string[];
}

export interface SubstitutionSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What a relative `${file:…}` is relative to. */
  readonly folder: string;
}

const LARGEST_FILE_BYTES = 65_536;
const REFERENCE = /\$\$\{|\$\{([^}]*)\}?/g;

/**
 * Puts environment variables (`${NAME}`) and files (`${file:/run/secrets/x}`, without the white space at their end) into
 * a text. `$${` stands for `${` itself.
 */
export function substitute(text: string, source: SubstitutionSource): Substitution {
  const errors: string[] = [];
  let substituted = false;
  const result = text.replace(REFERENCE, (reference, name: string | undefined) => {
    if (name === undefined) return '${';
    substituted = true;
    const value = replacement(reference, name, source);
    if ('value' in value) return value.value;
    errors.push(value.error);
    return '';
  });
  return { text: result, substituted, errors };
}

function replacement(
  reference: string,
  name: string,
  source: SubstitutionSource,
): { value: string } | { error: string } {
  if (!reference.endsWith('}'))
    return { error: `"${reference.slice(0, 40)}" has no closing }; write $\${ for a literal \${` };
  if (name.startsWith('file:')) return contentOf(resolve(source.folder, name.slice('file:'.length)));
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return { error: `\${${name.slice(0, 40)}} is neither \${NAME} nor \${file:/path}; write $\${ for a literal \${` };
  }
  const value = Object.hasOwn(source.env, name) ? source.env[name] : undefined;
  return value === undefined ? { error: `the environment variable ${name} is not set` } : { value };
}

function contentOf(file: string): { value: string } | { error: string } {
  try {
    const status = statSync(file);
    // A pipe or a device could keep the whole gateway waiting.
    if (!status.isFile()) return { error: `${file} is no regular file` };
    if (status.size > LARGEST_FILE_BYTES) return { error: `${file} has more than ${LARGEST_FILE_BYTES} bytes` };
    return { value: readFileSync(file, 'utf8').trimEnd() };
  } catch (error) {
    return { error: `the file ${file} cannot be read: ${toError(error).message}` };
  }
}
